"""Product pages as shops write them: JSON with mistakes, nodes in pieces, variants in every form, and other formats."""

import html
import json
from typing import Any

import pytest

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.structured import read_product_page
from tests.support.shop_server import product_page, shirt

URL = "https://shop.example/p/coat"
COAT = (
    '{"@context":"https://schema.org","@type":"Product","sku":"1","name":"Coat","image":"/a.jpg",'
    '"offers":{"price":"5","priceCurrency":"EUR"}}'
)
OFFER = {"@type": "Offer", "price": "5", "priceCurrency": "EUR"}


def read(page: str, url: str = URL) -> list[ScrapedProduct]:
    return [product for product in read_product_page(page, url).products if isinstance(product, ScrapedProduct)]


def structured(data: Any, **around: str) -> list[ScrapedProduct]:
    return read(product_page(data, **around))


def variant(sku: str, **fields: Any) -> dict[str, Any]:
    return {"@type": "Product", "sku": sku, "offers": OFFER, "image": f"/{sku}.jpg", **fields}


@pytest.mark.parametrize(
    "script",
    [
        f"<!--\n{COAT}\n-->",
        f"<!-- generated --> {COAT}",
        f"<!--//--><![CDATA[//><!--\n{COAT}\n//--><!]]>",
        f"// <![CDATA[\n{COAT}\n// ]]&gt;",
        f"<![CDATA[{COAT}]]>",
        f"/* generated {{by}} hand */ {COAT} // end",
        f"\ufeff{COAT}",
        f"\0{COAT}\0",
        f"{COAT};",
        f"{COAT},",
        f"{COAT}}}",
        f'{{"@type":"Organization"}}{COAT}',
        f'{{"@type":"Organization"}},\n[{COAT}]',
        f'{COAT}\n{{"@type": ',
        COAT.replace(',"offers"', ',<br />"offers"'),
        f"<p>{COAT}</p>",
        f'[{{"@type":"Organization"}};{COAT}]',
        f'[{{"@type":"Organization"}}\n{COAT}]',
        html.escape(html.escape(COAT)),
        html.escape(COAT).replace("&quot;sku&quot;", '"sku"'),
        html.escape(COAT),
        html.escape(COAT).replace("&quot;", "&#34;"),
        json.dumps(COAT),
        COAT.replace('"offers"', '"review":,"offers"'),
        COAT.replace("}}", ",},}"),
        COAT.replace(',"offers"', r',"note":"it\'s","offers"'),
        COAT.replace(',"offers"', ',"note":"The "best" coat, 100% wool","offers"'),
        COAT.replace(',"offers"', ',"note":"15" wide","offers"').replace("}}", ',}} // a "comment"'),
    ],
)
def test_json_with_common_mistakes_is_read(script: str) -> None:
    [found] = structured(script)
    assert (found.id, found.name, found.price, found.currency) == ("1", "Coat", 5.0, "EUR")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"15\" bag", '15" bag'),
        ("15&quot; bag", '15" bag'),
        ("15&amp;quot; bag", '15" bag'),
        ('The "Dream", a coat', 'The "Dream", a coat'),
        (r"Men\u0027s \u0000coat", "Men's coat"),
        (r"Men\x27s coat", "Men's coat"),
        ("Zo\u00eb&nbsp;coat", "Zoë coat"),
    ],
)
def test_quotes_and_entities_in_names_are_read(written: str, name: str) -> None:
    [found] = structured(COAT.replace('"Coat"', f'"{written}"'))
    assert (found.name, found.price) == (name, 5.0)


@pytest.mark.parametrize(
    "data",
    [
        {
            "@context": {"schema": "https://schema.org/"},
            "@type": "schema:Product",
            "schema:sku": "1",
            "schema:name": "Coat",
            "schema:offers": {"@type": "schema:Offer", "schema:price": "5", "schema:priceCurrency": "EUR"},
        },
        {
            "@context": ["https://schema.org", {"s": "http://schema.org/", "preis": "s:price"}],
            "@type": "s:Product",
            "s:sku": "1",
            "s:name": "Coat",
            "s:offers": {"preis": "5", "s:priceCurrency": "EUR"},
        },
        {
            "@context": {"@vocab": "http://schema.org/", "kind": "@type", "cost": {"@id": "http://schema.org/price"}},
            "kind": "Product",
            "sku": "1",
            "name": {"@value": "Coat", "@language": "en"},
            "offers": {"cost": {"@type": "xsd:decimal", "@value": "5"}, "priceCurrency": "EUR"},
        },
        {
            "@type": ["http://schema.org/Product"],
            "http://schema.org/sku": [{"@value": "1"}],
            "http://schema.org/name": [{"@value": "Coat"}],
            "http://schema.org/offers": {
                "@list": [
                    {
                        "http://schema.org/price": [{"@value": 5}],
                        "https://schema.org/priceCurrency": [{"@value": "EUR"}],
                    }
                ]
            },
        },
        {"@context": "http://schema.org/", "type": "Product", "sku": "1", "name": "Coat", "offers": OFFER},
    ],
)
def test_every_style_of_context_is_read(data: Any) -> None:
    [found] = structured(data)
    assert (found.id, found.name, found.price, found.currency) == ("1", "Coat", 5.0, "EUR")


@pytest.mark.parametrize("base", ["http://[::1", "http://a.example:99999/", "javascript:1", ""])
def test_base_that_is_no_url_counts_as_none(base: str) -> None:
    [coat] = structured(COAT, before=f'<base href="{base}">')
    assert coat.image_urls == ("https://shop.example/a.jpg",)


def test_nodes_elsewhere_on_the_page_are_followed() -> None:
    graph = [
        {"@type": "WebPage", "mainEntity": {"@id": "#coat"}},
        {"@type": "Brand", "@id": "/brand", "name": "Ono"},
        {"@type": "ImageObject", "@id": "_:i", "contentUrl": "/a.jpg"},
        {
            "@type": "Product",
            "@id": f"{URL}#coat",
            "sku": "1",
            "name": "Coat",
            "brand": {"@id": "https://shop.example/brand"},
            "image": {"@id": "_:i"},
            "offers": [{"@type": "Offer", "@id": "#o"}],
        },
        {"@id": "#coat", "color": "Red"},
    ]
    offer = {"@id": "#o", "availability": "OutOfStock", "priceSpecification": {"@id": "#p"}, "itemOffered": "#coat"}
    price = {"@id": "#p", "price": "5", "priceCurrency": "EUR"}
    scripts = f'<script type="application/ld+json">{json.dumps([offer, price])}</script>'
    [found] = structured({"@graph": graph}, before=scripts)
    assert (found.id, found.brand, found.price, found.currency, found.in_stock, found.colours) == (
        "1",
        "Ono",
        5.0,
        "EUR",
        False,
        ("Red",),
    )
    assert found.image_urls == ("https://shop.example/a.jpg",)


def test_product_that_only_an_offer_names_is_read() -> None:
    coat = {"@type": "Product", "sku": "1", "name": "Coat", "image": "/a.jpg"}
    [found] = structured({"@type": "Offer", "price": "5", "priceCurrency": "EUR", "itemOffered": coat})
    assert (found.id, found.price) == ("1", 5.0)
    referring = [{**coat, "@id": "#c"}, {**OFFER, "itemOffered": {"@id": "#c"}}]
    assert [product.price for product in structured(referring)] == [5.0]


def test_reference_may_be_text() -> None:
    [found] = structured([{**variant("1", name="Coat"), "offers": ["#o"]}, {**OFFER, "@id": "#o"}])
    assert found.price == 5.0


def test_references_in_circles_end() -> None:
    group = {"@type": "ProductGroup", "@id": "#g", "productGroupID": "G", "name": "Coat", "hasVariant": {"@id": "#v"}}
    red = variant("r", color="Red", isVariantOf={"@id": "#g"}, **{"@id": "#v"})
    red["offers"] = {"@id": "#o"}
    offer = {**OFFER, "@id": "#o", "itemOffered": {"@id": "#v"}, "offers": {"@id": "#o"}}
    [found] = structured([group, red, offer, {"@type": "Product", "@id": "#x", "isVariantOf": {"@id": "#x"}}])[:1]
    assert (found.id, found.group, found.price) == ("G-red", "G", 5.0)


def test_many_references_to_the_same_nodes_are_given_up() -> None:
    offers = [{"@id": f"#{level}", "offers": [{"@id": f"#{level + 1}"}] * 400} for level in range(8)]
    products = [variant(str(number), name="Coat", offers={"@id": "#0"}) for number in range(100)]
    assert len(structured([*offers, *products, {**OFFER, "@id": "#8"}])) == 100


def test_context_of_every_node_may_be_hostile() -> None:
    context = {f"n{number}": "https://schema.org/name" for number in range(90)}
    nested: Any = "Coat"
    for _ in range(200):
        nested = {"@context": context, "n1": nested}
    many = [{"@context": {f"m{number}": "https://schema.org/sku"}, "a": 1} for number in range(5_000)]
    assert [found.id for found in structured([{"@context": context, "x": [nested, many]}, json.loads(COAT)])] == ["1"]


def test_variants_of_a_product_are_looks_of_one_group() -> None:
    product = {
        "@type": "Product",
        "sku": "P",
        "name": "Coat",
        "brand": "Ono",
        "hasVariant": [
            variant("a1", color="Red", size="S", offers={**OFFER, "availability": "OutOfStock"}),
            variant("a2", color="Red", size="M", offers={**OFFER, "price": "7"}),
            variant("b1", color="Blue", size="S"),
            {"@type": "Product", "url": "/p/coat-green"},
        ],
    }
    found = structured(product)
    assert [(look.id, look.group, look.variant, look.name, look.brand) for look in found] == [
        ("a1", "P", "Red", "Coat", "Ono"),
        ("b1", "P", "Blue", "Coat", "Ono"),
    ]
    assert [(look.price, look.sizes) for look in found] == [(7.0, ("M",)), (5.0, ("S",))]


@pytest.mark.parametrize("link", [{"isVariantOf": {"@id": "#g"}}, {"inProductGroupWithID": "G"}])
def test_variants_that_name_their_group_are_gathered(link: dict[str, Any]) -> None:
    group = {"@type": "ProductGroup", "@id": "#g", "productGroupID": "G", "name": "Coat", "brand": "Ono"}
    red_small = variant("1", name="Coat red S", color="Red", **link)
    red_medium = variant("2", name="Coat red M", color="Red", **link) | {"offers": {**OFFER, "price": "4"}}
    blue = variant("3", name="Coat blue S", color="Blue", **link)
    found = structured({"@graph": [red_small, group, red_medium, blue]})
    assert [(look.id, look.name, look.brand, look.price) for look in found] == [
        ("G-red", "Coat", "Ono", 4.0),
        ("G-blue", "Coat", "Ono", 5.0),
    ]


def test_variants_by_reference_are_read_once() -> None:
    variants = [variant(sku, color=colour, **{"@id": f"#{sku}"}) for sku, colour in (("r", "Red"), ("b", "Blue"))]
    links = [{"@id": "#r"}, {"@id": "#b"}, {"@id": "https://shop.example/p/elsewhere"}]
    group = {"@type": "ProductGroup", "productGroupID": "G", "name": "Coat", "hasVariant": links}
    assert [look.id for look in structured([*variants, group])] == ["G-red", "G-blue"]


@pytest.mark.parametrize(
    ("product", "names", "looks"),
    [
        ("Coat", ["Coat - Red / S", "Coat - Red / M", "Coat - Dark Blue / S"], ["Red", "Dark Blue"]),
        ("", ["Wool Coat - Red / S", "Wool Coat - Red / XL", "Wool Coat - Blue / XL"], ["Red", "Blue"]),
        ("Coat", ["Red Coat (EU 38)", "Red Coat (EU 40)", "Navy/White Coat (EU 38)"], ["Red", "Navy/White"]),
        ("Linen shirt", ["Linen Shirt, Striped, 15½", "Linen Shirt, Checked, 16"], ["Striped", "Checked"]),
        ("Jeans", ["Jeans W32 L34 Black", "Jeans W30 L32 Black", "Jeans W30 L32 Stone Wash"], ["Black", "Stone Wash"]),
        ("Bra", ["Bra 75B Rosé", "Bra 80C Rosé", "Bra 75B Noir"], ["Rosé", "Noir"]),
        ("Coat", ["Coat: Red, One Size", "Coat: Blue, One Size"], ["Red", "Blue"]),
        ("Mantel", ["Mantel - Größe 38 - Rot", "Mantel - Größe 40 - Rot", "Mantel - Größe 38 - Grün"], ["Rot", "Grün"]),
        ("Coat", ["Coat Red/S", "Coat Blue/M"], ["Red", "Blue"]),
        ("Coat", ["Coat S", "Coat M", "Coat X-Large", "Coat 3XL", "Coat Petite 12"], [""]),
        ("Shoe", ["Shoe 42", "Shoe 42.5", "Shoe 43,5", "Shoe UK 9"], [""]),
        ("Coat", ["Coat", "Coat", "Coat"], [""]),
    ],
)
def test_looks_are_read_from_the_names_of_variants(product: str, names: list[str], looks: list[str]) -> None:
    variants = [variant(f"v{number}", name=name) for number, name in enumerate(names)]
    found = structured({"@type": "ProductGroup", "productGroupID": "G", "name": product, "hasVariant": variants})
    assert [look.variant for look in found] == looks
    assert [look.colours for look in found] == [tuple(look.split("/")) if look else () for look in looks]
    assert {look.group for look in found} == {"G"}
    assert found[0].id == ("v0" if looks != [""] else "G")


def test_product_without_a_name_has_what_its_variants_share() -> None:
    variants = [variant(name[-1], name=name) for name in ("Wool Coat - Red / S", "Wool Coat - Blue / M")]
    found = structured({"@type": "ProductGroup", "productGroupID": "G", "hasVariant": variants})
    assert {look.name for look in found} == {"Wool Coat"}


def test_looks_in_names_that_share_their_image_are_one() -> None:
    variants = [
        variant(str(number), name=f"Coat - {fit}", image="/a.jpg") for number, fit in enumerate(("Red", "Blue"))
    ]
    found = structured({"@type": "ProductGroup", "productGroupID": "G", "name": "Coat", "hasVariant": variants})
    assert [(look.id, look.variant) for look in found] == [("G", "")]


def test_patterns_and_other_properties_are_looks_where_they_differ() -> None:
    spots = variant("1", color="Red", pattern="Spotted", material="Wool")
    plain = variant("2", color="Red", pattern={"@type": "DefinedTerm", "name": "Plain"}, material="Wool")
    plain["pattern"] = "Plain"
    group = {"@type": "ProductGroup", "productGroupID": "G", "name": "Coat", "hasVariant": [spots, plain]}
    found = structured(group)
    assert [(look.id, look.variant, look.colours) for look in found] == [
        ("G-red-spotted", "Red Spotted", ("Red",)),
        ("G-red-plain", "Red Plain", ("Red",)),
    ]
    listed = {"@type": "PropertyValue", "name": "Colour", "value": "Navy"}
    assert structured(shirt("1", color=None, additionalProperty=[listed]))[0].colours == ("Navy",)
    assert structured(shirt("1", color=["Navy", {"name": "White"}]))[0].colours == ("Navy", "White")


def meta(**tags: str) -> str:
    names = {name.replace("__", ":"): content for name, content in tags.items()}
    return "".join(f'<meta property="{name}" content="{html.escape(content)}">' for name, content in names.items())


OPEN_GRAPH = meta(
    og__type="product",
    og__title="Wool coat | Ono",
    og__site_name="Ono",
    og__image="/og.jpg",
    og__url="https://shop.example/p/wool-coat",
    product__price__amount="1,299.00",
    product__price__currency="USD",
    product__availability="oos",
    product__brand="Ono",
    product__retailer_item_id="W1",
    product__color="Red",
    product__target_gender="female",
)


def test_open_graph_is_read_if_there_is_nothing_else() -> None:
    assert read(f"<html><head>{OPEN_GRAPH}</head></html>") == [
        ScrapedProduct(
            id="W1",
            name="Wool coat",
            variant="Red",
            brand="Ono",
            gender="Women",
            colours=("Red",),
            price=1299.0,
            currency="USD",
            in_stock=False,
            url="https://shop.example/p/wool-coat",
            image_urls=("https://shop.example/og.jpg",),
        )
    ]
    assert not read(f"<html><head>{meta(og__type='article', og__title='About coats')}</head></html>")


def test_sale_price_in_open_graph_is_the_price() -> None:
    prices = {
        meta(product__sale_price__amount="900"): (900.0, 1299.0),
        meta(product__sale_price__amount="1400"): (1299.0, None),
        meta(product__original_price__amount="1500"): (1299.0, 1500.0),
    }
    for tags, expected in prices.items():
        [found] = read(f"<html><head>{OPEN_GRAPH}{tags}</head></html>")
        assert (found.price, found.list_price) == expected


def test_several_prices_in_open_graph_are_none() -> None:
    other = '<meta property="product:price:amount" content="1,099.00">'
    [found] = read(f"<html><head>{OPEN_GRAPH}{other}</head></html>")
    assert found.price is None


def test_only_product_takes_what_it_lacks_from_other_formats() -> None:
    coat = {"@type": "Product", "sku": "1", "name": "Coat", "offers": {"availability": "InStock", "price": ""}}
    [found] = structured(coat, before=OPEN_GRAPH)
    assert (found.id, found.name, found.price, found.currency, found.in_stock) == ("1", "Coat", 1299.0, "USD", True)
    assert found.image_urls == ("https://shop.example/og.jpg",)
    priced = structured({**coat, "offers": OFFER, "image": "/a.jpg"}, before=OPEN_GRAPH)
    assert [(one.price, one.currency, one.image_urls) for one in priced] == [
        (5.0, "EUR", ("https://shop.example/a.jpg",))
    ]
    two = structured([coat, {**coat, "sku": "2"}], before=OPEN_GRAPH)
    assert [one.price for one in two] == [None, None]
    ambiguous = structured({**coat, "offers": {"price": ["5", "6"], "priceCurrency": "EUR"}}, before=OPEN_GRAPH)
    assert [one.price for one in ambiguous] == [None]


@pytest.mark.parametrize(
    ("name", "sku", "price"), [("coat", "", 9.0), ("Other", "1", 9.0), ("Coat belt", "2", None), ("", "", 9.0)]
)
def test_price_of_another_product_is_not_taken(name: str, sku: str, price: float | None) -> None:
    body = f"""<div itemscope itemtype="https://schema.org/Product"><meta itemprop="name" content="{name}">
        <meta itemprop="sku" content="{sku}"><meta itemprop="price" content="9"></div>"""
    [found] = structured({"@type": "Product", "sku": "1", "name": "Coat", "image": "/a.jpg"}, after=body)
    assert (found.name, found.price) == ("Coat", price)


@pytest.mark.parametrize(
    "body",
    [
        """<div vocab="https://schema.org/" typeof="Product" resource="#p"><h1 property="name">Coat</h1>
        <img property="image" src="/a.jpg"><meta property="sku" content="1"><div property="offers" typeof="Offer">
        <span property="price" content="5.00">5 euros</span><meta property="priceCurrency" content="EUR">
        <link property="availability" href="https://schema.org/OutOfStock"></div></div>""",
        """<div prefix="s: http://schema.org/" typeof="s:Product"><h1 property="s:name og:title">Coat</h1>
        <a property="s:image" href="/a.jpg">x</a><b property="s:sku">1</b><div rel="s:offers"><p typeof="s:Offer">
        <b property="s:price">5,00 €</b><i property="s:availability" content="OutOfStock">-</i></p></div></div>""",
        """<div itemscope itemtype="http://schema.org/Product"><h1 itemprop="name">Coat</h1><b itemprop="sku">1</b>
        <img itemprop="image" src="/a.jpg"><b itemprop="price">5,00</b><meta itemprop="priceCurrency" content="EUR">
        <link itemprop="availability" href="http://schema.org/OutOfStock"></div>""",
    ],
)
def test_rdfa_and_loose_microdata_are_read(body: str) -> None:
    [found] = read(f"<html><body>{body}</body></html>")
    assert (found.id, found.name, found.price, found.currency, found.in_stock, found.image_urls) == (
        "1",
        "Coat",
        5.0,
        "EUR",
        False,
        ("https://shop.example/a.jpg",),
    )


@pytest.mark.parametrize(
    "page",
    [
        "<div typeof=Product property=a>" * 60_000,
        "<div vocab='https://schema.org/' typeof=Product>" * 5 + "<p property=b>x</p>" * 30_000,
        '<meta property="og:title" content="x">' * 5_000,
        '<script type="application/ld+json">' + "<!--" * 60_000 + "</script>",
        '<script type="application/ld+json">' + '{"a":"' + '"x ' * 30_000 + "</script>",
        '<script type="application/ld+json">' + "{/*" * 30_000 + "</script>",
        '<script type="application/ld+json">' + "&quot;" * 20_000 + "</script>",
        '<script type="application/ld+json">' + '"' * 200_000 + "</script>",
    ],
)
def test_hostile_pages_are_given_up(page: str) -> None:
    assert read_product_page(page, URL).unreadable


def trail(*steps: Any) -> dict[str, Any]:
    return {"@type": "BreadcrumbList", "itemListElement": list(steps)}


@pytest.mark.parametrize(
    ("category", "steps", "expected"),
    [
        ("Coats", [], ("Coats", "")),
        ({"@type": "CategoryCode", "name": "Women > Coats"}, [], ("Women > Coats", "Women")),
        ("https://shop.example/coats", ["Home", "Men", "Coats", "Linen shirt 1"], ("Coats", "Men")),
        ("5598", ["Startseite", "Damen", "Mäntel"], ("Mäntel", "Women")),
        (None, ["Home", "Linen shirt 1"], ("", "")),
    ],
)
def test_category_and_gender_are_read_from_the_page(category: Any, steps: list[str], expected: tuple[str, str]) -> None:
    named = [{"@type": "ListItem", "position": place, "name": step} for place, step in enumerate(steps)]
    found = structured([trail(*named[::-1]), trail(), shirt("1", category=category)])
    assert [(one.category, one.gender) for one in found] == [expected]


def test_ages_make_boys_and_girls() -> None:
    people = {"@type": "PeopleAudience", "suggestedGender": "https://schema.org/Male"}
    assert structured(shirt("1", audience=people))[0].gender == "Men"
    assert structured(shirt("1", audience={**people, "suggestedMaxAge": 12}))[0].gender == "Boys"
    assert structured(shirt("1", audience={**people, "suggestedMaxAge": "99"}))[0].gender == "Men"
    months = {"@type": "QuantitativeValue", "minValue": 0, "maxValue": 18, "unitCode": "MON"}
    assert structured(shirt("1", audience={**people, "suggestedAge": months}))[0].gender == "Boys"


def test_image_of_the_garment_alone_comes_first() -> None:
    images = ["/worn.jpg", {"url": "/back.jpg", "caption": "From behind"}, {"url": "/flat.jpg", "caption": "Packshot"}]
    assert structured(shirt("1", image=images))[0].image_urls == (
        "https://shop.example/flat.jpg",
        "https://shop.example/worn.jpg",
        "https://shop.example/back.jpg",
    )


def test_page_with_an_empty_script_and_nothing_else_has_no_product() -> None:
    assert isinstance(read_product_page(product_page(""), URL), Page)
    assert not read_product_page(product_page(""), URL).products
