// Elements without markup, so that text that people enter is never interpreted.

/** Creates an element; `properties` are those of the element, `children` are nodes or text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Shows text; hides the element if it is empty. */
export function showText(target, text) {
  target.textContent = text;
  target.hidden = !text;
}

/** Creates a picture, which is replaced by a note if it cannot be shown. */
export function picture(src, alt) {
  const image = element("img", { alt, loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(element("span", { className: "no-picture" }, "no preview")));
  image.src = src;
  return image;
}

/** Returns the properties of a link to a shop; none if the catalog's address is not a web address. */
export function linkTo(address) {
  const web = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  return web ? { href: address, target: "_blank", rel: "noopener noreferrer" } : {};
}
