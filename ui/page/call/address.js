/* What a link to the page carries behind the `#` of its address, which browsers send to no server. */

/** Takes the value of `name` from the address, and removes it there. "" if there is none. */
export function takeFromFragment(name) {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const value = fragment.get(name) ?? "";
  if (!value) return "";
  fragment.delete(name);
  history.replaceState(null, "", location.pathname + location.search + (fragment.size ? `#${fragment}` : ""));
  return value;
}
