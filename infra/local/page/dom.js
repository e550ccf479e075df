// Elements without markup: what a person typed is only ever text.

/** Makes an element; `properties` are the element's own, `children` are nodes or text. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Shows text, or nothing at all where there is none. */
export function say(target, text) {
  target.textContent = text;
  target.hidden = !text;
}

/** A picture, and a quiet word in its place where it cannot be shown. */
export function picture(src, alt) {
  const image = element("img", { alt, loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(element("span", { className: "no-picture" }, "no preview")));
  image.src = src;
  return image;
}

/** What makes an element a link to a shop, and nothing where no link may lead there: a catalog's `javascript:`. */
export function linkTo(address) {
  const web = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  return web ? { href: address, target: "_blank", rel: "noopener noreferrer" } : {};
}
