"""What shops write where a product can't be ordered."""

OUT_OF_STOCK_WORDS = (
    *("no", "n", "none", "false", "off", "out", "oos", "reserved"),
    *("nein", "non", "não", "nee", "nie", "nej", "nei", "brak", "yok", "hayır", "slut", "нет", "无", "無"),  # noqa: RUF001
)
"""Whole values. Inside longer ones, they say nothing."""

OUT_OF_STOCK_PHRASES = (
    # schema.org and Google Merchant
    *("out of stock", "sold out", "discontinued", "in store only"),
    # English
    *("unavailable", "not available", "no longer available", "not in stock", "no stock", "coming soon"),
    # German
    *("ausverkauft", "nicht verfügbar", "nicht lieferbar", "nicht auf Lager", "nicht vorrätig", "vergriffen"),
    # French
    *("épuisé", "rupture", "indisponible", "non disponible", "hors stock", "plus disponible"),
    # Spanish
    *("agotado", "agotada", "sin stock", "sin existencias", "no disponible", "fuera de stock"),
    # Italian
    *("esaurito", "esaurita", "non disponibile"),
    # Portuguese
    *("esgotado", "esgotada", "indisponível", "sem estoque", "fora de estoque", "não disponível"),
    # Dutch
    *("uitverkocht", "niet op voorraad", "niet beschikbaar", "niet leverbaar"),
    # Polish
    *("wyprzedan", "niedostępn", "brak w magazynie", "brak na stanie"),
    # Swedish, Danish, Norwegian
    *("slutsåld", "slut i lager", "ej i lager", "udsolgt", "utsolgt", "ikke på lager"),
    # Turkish
    *("tükendi", "stokta yok", "mevcut değil"),
    # Czech, Finnish, Hungarian, Romanian, Russian
    *("vyprodán", "není skladem", "loppuunmyy", "ei varastossa", "elfogyott", "nincs raktáron", "stoc epuizat"),
    *("нет в наличии", "распродан"),
    # Japanese, Chinese, Korean
    *(
        "在庫なし",
        "在庫切れ",
        "売り切れ",
        "品切れ",
        "完売",
        "缺货",
        "缺貨",
        "无货",
        "無貨",
        "售罄",
        "售完",
        "품절",
        "재고 없음",
    ),
)
"""Words that say it wherever they stand in a value."""
