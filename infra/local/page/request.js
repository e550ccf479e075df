// From what the controls hold to what `recommend` is asked.

const DIALS = ["explore", "serendipity", "mix"];
const PRICES = ["price_min", "price_max"];
const SWITCHES = ["in_stock", "own_similar"];

/**
 * The fields of a request: `values` are the form's, as text; a field that is empty there is left to the server.
 * `categories` and `brandsOut` are sets of names.
 */
export function requestOf(values, categories, brandsOut) {
  const given = (names, read) => names.filter((name) => values[name]).map((name) => [name, read(values[name])]);
  return Object.fromEntries([
    ...given([...DIALS, ...PRICES], Number),
    ...given(["order", "gender"], String),
    ...given(SWITCHES, Boolean),
    ...(categories.size ? [["categories", [...categories]]] : []),
    ...(brandsOut.size ? [["brands_out", [...brandsOut]]] : []),
  ]);
}
