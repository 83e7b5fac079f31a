"""Chat templates with functions, in the formats of their families, as far as they are tested."""

from __future__ import annotations

_CALL = (
    "{%- for call in message.tool_calls %}{%- set call = call.function %}"
    '{{- "\n<tool_call>\n{\\"name\\": \\"" + call.name + "\\", \\"arguments\\": " + (call.arguments | tojson) + '
    '"}\n</tool_call>" }}{%- endfor %}'
)
_RESULTS = (
    "{%- elif message.role == 'tool' %}"
    "{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}"
    "{{- '\n<tool_response>\n' + message.content + '\n</tool_response>' }}"
    "{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\n' }}{%- endif %}"
)
QWEN_TOOLS = (
    "{{- '<|im_start|>system\n' + messages[0].content }}"
    "{%- if tools %}{{- '\n\n# Tools\n\n<tools>' }}"
    "{%- for tool in tools %}{{- '\n' + (tool | tojson) }}{%- endfor %}{{- '\n</tools>' }}{%- endif %}"
    "{{- '<|im_end|>\n' }}"
    "{%- for message in messages[1:] %}"
    "{%- if message.role == 'assistant' and message.tool_calls %}{{- '<|im_start|>assistant' }}"
    "{%- if message.content %}{{- '\n' + message.content }}{%- endif %}" + _CALL + "{{- '<|im_end|>\n' }}"
    "{%- elif message.role in ('user', 'assistant', 'system') %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}" + _RESULTS + "{%- endif %}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
# One call a reply; tools stand in the instruction or in the first turn of the user.
LLAMA_TOOLS = (
    "{{- bos_token }}{%- if tools_in_user_message is not defined %}{%- set tools_in_user_message = true %}{%- endif %}"
    "{%- set ns = namespace(shown=false) %}{%- for message in messages %}"
    "{%- if message.tool_calls %}{%- if message.tool_calls | length != 1 %}"
    "{{- raise_exception('This model only supports single tool-calls at once!') }}{%- endif %}"
    "{%- set call = message.tool_calls[0].function %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}"
    '{{- \'{"name": "\' + call.name + \'", "parameters": \' + (call.arguments | tojson) + "}<|eot_id|>" }}'
    "{%- elif message.role == 'tool' %}"
    "{{- '<|start_header_id|>ipython<|end_header_id|>\n\n' + (message.content | tojson) + '<|eot_id|>' }}"
    "{%- else %}{{- '<|start_header_id|>' + message.role + '<|end_header_id|>\n\n' }}"
    "{%- if tools and not ns.shown and message.role == ('user' if tools_in_user_message else 'system') %}"
    "{%- set ns.shown = true %}{%- for tool in tools %}{{- (tool | tojson) + '\n' }}{%- endfor %}{%- endif %}"
    "{{- message.content | trim + '<|eot_id|>' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)
# Qwen3 shows the newest reply with an empty thought, older ones without.
QWEN3_TOOLS = QWEN_TOOLS.replace(
    "{{- '<|im_start|>assistant\n' }}{%- endif %}",
    "{{- '<|im_start|>assistant\n' }}{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\n\n</think>\n\n' }}{%- endif %}{%- endif %}",
)
TOOL_TEMPLATES = {"qwen2": QWEN_TOOLS, "qwen3": QWEN3_TOOLS, "llama3": LLAMA_TOOLS}
