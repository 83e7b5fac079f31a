"""Opens the models of a library from their folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dialogue.library.models import BUILT_IN, RetrievalModels
from dialogue.memory.sentence_embedding import SentenceEmbedder


@dataclass(frozen=True, slots=True)
class ModelFolders:
    """The name of the embedder, its folder, and that of the reranker, if there is one."""

    embedder: str
    folder: Path
    reranker: Path | None = None

    def as_arguments(self) -> tuple[str, str]:
        """For the process that reads documents, which reranks nothing."""
        return self.embedder, str(self.folder)

    def opened(self) -> RetrievalModels:
        """The models load themselves at first use. Raises BadInput for what is not supported."""
        rerank = None
        if self.reranker is not None:
            from dialogue.retrieval.hub_models import CrossEncoder  # imports transformers

            rerank = CrossEncoder(self.reranker)
        if self.embedder == BUILT_IN:
            embed = SentenceEmbedder(self.folder).embed
            return RetrievalModels(embed, embed, rerank=rerank)
        from dialogue.retrieval.hub_models import HubEmbedder

        hub = HubEmbedder(self.folder)
        return RetrievalModels(hub.passages, hub.question, self.embedder, hub.width, lambda: hub.unrelated, rerank)
