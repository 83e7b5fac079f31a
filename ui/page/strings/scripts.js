/* The language whose letters a text is written in, so that the browser takes the right fonts. */

/** "" where the letters do not tell, as for all languages in Latin script. */
export function scriptOf(text) {
  if (/[\u3040-\u30ff]/.test(text)) return "ja";
  if (/[\u3400-\u9fff]/.test(text)) return "zh-CN";
  if (/[\u0900-\u097f]/.test(text)) return "hi";
  return "";
}
