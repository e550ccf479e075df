"""What shops call the people that things are made for, in the languages of the largest markets.

The words are in the order English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Swedish, Danish and
Norwegian, Turkish, Japanese and Chinese; of those in several languages, the first has them.
"""

WOMEN = (
    *("women", "womens", "womenswear", "ladies", "ladieswear", "female", "damen", "damenmode", "weiblich"),
    *("femme", "femmes", "féminin", "mujer", "mujeres", "femenino", "femenina", "señora", "señoras"),
    *("donne", "femminile", "mulher", "mulheres", "feminino", "feminina", "dames", "vrouwen", "vrouw"),
    *("damskie", "damska", "damski", "kobieta", "kobiety", "damkläder", "damskor", "dammode", "kvinna", "kvinnor"),
    *("dametøj", "damesko", "dameklær", "kvinde", "kvinder", "kvinne", "kvinner", "kadın", "kadınlar"),  # noqa: RUF001
    *("レディース", "レディス", "ウィメンズ", "ウイメンズ", "婦人", "女性", "女装", "女裝", "女士", "女款", "女鞋"),
)
MEN = (
    *("men", "mens", "menswear", "gents", "gentlemen", "male", "herren", "herrenmode", "männer", "männlich"),
    *("homme", "hommes", "hombre", "hombres", "caballero", "caballeros", "uomini", "maschile", "homem", "homens"),
    *("heren", "mannen", "męskie", "męska", "męski", "mężczyzna", "mężczyźni", "herrkläder", "herrskor", "herrmode"),
    *("herretøj", "herresko", "herreklær", "mænd", "menn", "erkek", "erkekler"),
    *("メンズ", "紳士", "男性", "男装", "男裝", "男士", "男款", "男鞋"),
)
GIRLS = (
    *("girls", "girl", "girlswear", "mädchen", "fille", "filles", "fillette", "niña", "niñas", "bambina", "bambine"),
    *("menina", "meninas", "meisje", "meisjes", "dziewczynka", "dziewczynki", "dziewczęce", "dziewczęca"),
    *("flicka", "flickor", "pige", "piger", "jente", "jenter", "kız", "kızlar", "ガールズ", "女の子", "女児", "女童"),  # noqa: RUF001
)
BOYS = (
    *("boys", "boy", "boyswear", "jungen", "junge", "garçon", "garçons", "niño", "bambino"),
    *("menino", "meninos", "jongen", "jongens", "chłopiec", "chłopcy", "chłopięce", "chłopięca"),
    *("pojke", "pojkar", "dreng", "drenge", "gutt", "gutter", "ボーイズ", "男の子", "男児", "男童"),
)
CHILDREN = (
    *("kids", "kid", "kidswear", "child", "children", "childrens", "childrenswear", "toddler", "toddlers", "infant"),
    *("infants", "newborn", "newborns", "baby", "babies", "babys", "youth", "kinder", "kleinkind"),
    *("säugling", "neugeborene", "enfant", "enfants", "infantil", "niños"),
    *("bambini", "neonato", "neonati", "neonata", "criança", "crianças", "kinderen", "peuter"),
    *("dziecko", "dzieci", "dziecięce", "dziecięca", "niemowlę", "niemowlęta", "barnkläder", "barnskor", "barn"),
    *("børn", "boern", "børnetøj", "barneklær", "çocuk", "bebek", "キッズ", "子供", "こども", "ベビー", "児童"),
    *("儿童", "兒童", "童装", "童裝", "婴儿", "嬰兒", "宝宝"),
)
UNISEX = (
    *("unisex", "unisexe", "uniseks", "genderless", "mixte", "unissex", "ユニセックス", "男女兼用", "中性", "男女通用"),
)
ALONE = {
    "Women": ("woman", "lady", "frau", "frauen", "dame", "donna", "dam", "damer", "女", "her"),
    "Men": ("man", "gentleman", "herr", "mann", "uomo", "herre", "herrar", "herrer", "män", "男", "him"),
}
"""Words that are certain only if they are all of a step of a category or of a field: not in ``Donna Karan``."""

IN_FIELDS = {
    "Women": ("f", "k", "pani", "femminili", "femenil"),
    "Men": ("m", "gent", "pan", "masculin", "masculino", "masculina", "mannelijk"),
    "Unisex": ("all", "both", "neutral", "alle", "tous", "todos", "tutti", "wszyscy", "alla", "herkes"),
    "Child": ("kind", "bébé", "bébés", "bebé", "bebés", "bebê", "bebês"),
}
"""Words that are certain only where a gender or an age is expected."""

COMPOUND_BEGINNINGS = {"Women": ("damen", "dames"), "Men": ("herren", "heren")}
"""The beginnings of German and Dutch compounds: ``Damenschuhe``."""

FILLERS = (
    *(
        "and",
        "for",
        "the",
        "s",
        "all",
        "new",
        "sale",
        "shop",
        "clothing",
        "clothes",
        "apparel",
        "fashion",
        "wear",
        "shoes",
    ),
    *(
        "accessories",
        "collection",
        "und",
        "für",
        "alle",
        "neu",
        "mode",
        "kleidung",
        "bekleidung",
        "schuhe",
        "accessoires",
    ),
    *(
        "et",
        "pour",
        "vêtements",
        "chaussures",
        "de",
        "la",
        "y",
        "para",
        "ropa",
        "moda",
        "zapatos",
        "calzado",
        "e",
        "per",
    ),
    *("da", "abbigliamento", "scarpe", "accessori", "vestiti", "roupa", "roupas", "calçados", "sapatos", "en", "voor"),
    *(
        "kleding",
        "schoenen",
        "i",
        "dla",
        "odzież",
        "ubrania",
        "buty",
        "och",
        "för",
        "kläder",
        "skor",
        "og",
        "til",
        "tøj",
    ),
    *("klær", "sko", "ve", "giyim", "ayakkabı", "moda"),  # noqa: RUF001
)
"""Words beside the people in a step of a category that says nothing else."""
