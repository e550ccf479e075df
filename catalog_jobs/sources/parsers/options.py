"""The names that shops give to the options of a product: colours, other looks and sizes."""

COLOUR_OPTIONS = frozenset(
    (
        *("color", "colour", "colors", "colours", "colorway", "farbe", "couleur", "colore", "kleur", "färg", "farve"),
        *("väri", "cor", "kolor", "farge", "renk", "barva", "szín", "culoare", "χρώμα", "цвет", "色", "カラー", "색상"),
    )
)
LOOK_OPTIONS = COLOUR_OPTIONS | {"style", "print", "pattern", "design", "finish"}
"""The options that change a product's look. Values of all others (size, length, fit) are one item."""

SIZE_OPTIONS = frozenset(
    (
        *("size", "sizes", "größe", "grösse", "taille", "pointure", "talla", "taglia", "tamanho", "maat", "rozmiar"),
        *("storlek", "størrelse", "koko", "beden", "velikost", "méret", "mărime", "размер", "サイズ", "尺码", "사이즈"),
    )
)
