// Converts the values of the controls to a request of `recommend`.

const DIALS = ["explore", "serendipity", "mix"];
const PRICES = ["price_min", "price_max"];
const SWITCHES = ["in_stock", "own_similar"];

/**
 * Returns the fields of a request. `values` are those of the form, as text; empty ones are left to the server's defaults.
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
