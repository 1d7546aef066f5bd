"""Calls whose failures have one known cause in the request, to judge `farwatch explain --per-call` by.

Three partners: a bookseller that takes JSON, a taxi company that takes forms, a carrier that takes XML. Each request is made after a
small schema; seventeen kinds of mistake are put into one place of some (`KINDS`), partly one by one, partly as *outbreaks*: a place that
is wrong again and again for some hours, or a value that the partner refuses from some time on, to all or to one customer, alone or
together with another. The partner's answer names the place, names its key, gives a code, says nothing, names another key, is a page, or
is a server error. Beside them fail calls for no reason of theirs: limits, credentials, outages, silence.

`labelled(count, seed)` is the same for the same arguments.
"""

import random
import time
from dataclasses import dataclass, field
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

START, HOURS = 1_788_220_800, 20
CUSTOMERS = [f"shop-{number:02}" for number in range(14)]
TOWNS = ["Bern", "Genève", "Łódź", "Oslo", "Porto", "Ghent", "Cork"]
WORDS = ["red", "old", "tall", "quiet", "sea", "mill", "gate"]
PEOPLE = ["Ada Quist", "Jean Roy", "Mia Wójcik", "Tom Berg", "Ines Prado", "Olu Ade"]
NOISE = {503: "try again later", 429: "slow down", 401: "token expired", 500: "something broke", 0: ""}
STYLES = ["place", "key", "code", "vague", "wrong", "page", "server"]
STYLE_WEIGHTS = [6, 4, 5, 6, 2, 1, 1]


@dataclass
class Value:
    """One value of a schema: how it is made, and what it has to be."""

    kind: str  # text, word, whole, part, flag, day, mail, id
    required: bool = True
    words: tuple = ()
    low: int = 0
    high: int = 100
    longest: int = 40


@dataclass
class Group:
    members: dict
    required: bool = True


@dataclass
class Several:
    item: object
    most: int = 4
    required: bool = True


def words(*choices, required=True):
    return Value("word", required, choices)


def text(longest=40, required=True):
    return Value("text", required, longest=longest)


ADDRESS = {
    "street": text(30), "town": text(20), "zip": Value("zip"), "country": words("CH", "PL", "NO", "PT", "BE", "IE"),
}  # fmt: skip
PARTNERS = {
    "papyrus": ("json", "POST", "/v2/orders", Group({
        "order_no": Value("id"), "currency": words("CHF", "EUR", "NOK", "PLN"), "placed_on": Value("day"), "gift": Value("flag", False),
        "buyer": Group({
            "name": Value("name"), "mail": Value("mail"), "loyalty": words("none", "silver", "gold", required=False),
        }),
        "lines": Several(Group({
            "isbn": Value("isbn"), "copies": Value("whole", low=1, high=60), "binding": words("soft", "hard", "audio"),
            "discount": Value("part", False, low=0, high=40),
        })),
        "ship_to": Group(ADDRESS), "remark": text(120, False), "speed": words("post", "courier", "pickup"),
    })),
    "hansom": ("form", "POST", "/rides", Group({
        "ride_ref": Value("id"), "vehicle": words("saloon", "van", "bike", "limousine"),
        "seats": Value("whole", low=1, high=8), "luggage": Value("whole", low=0, high=12),
        "pickup": Group({"town": text(20), "street": text(30)}), "dropoff": Group({"town": text(20), "street": text(30)}),
        "rider_mail": Value("mail"), "due": Value("day"), "tariff": words("day", "night", "airport"),
        "pets": Value("flag", False),
        "stops": Several(Group({"town": text(20), "wait": Value("whole", low=0, high=30)}), 2, False),
    })),
    "dromedary": ("xml", "PUT", "/consignments", Group({
        "Reference": Value("id"), "Parcels": Value("whole", low=1, high=40),
        "Service": words("Day", "Night", "Slow", "Bulky"), "ReadyOn": Value("day"),
        "Sender": Group({
            "Name": Value("name"), "Town": text(20), "Zip": Value("zip"), "Country": words("CH", "PL", "NO", "BE"),
        }),
        "Receiver": Group({
            "Name": Value("name"), "Town": text(20), "Zip": Value("zip"), "Country": words("CH", "PL", "NO", "BE"),
            "Mail": Value("mail", False),
        }),
        "Piece": Several(Group({
            "Kilos": Value("part", low=1, high=30), "Width": Value("whole", low=1, high=90),
            "Goods": words("Paper", "Glass", "Food", "Cloth"), "Note": text(30, False),
        })),
        "Insured": Value("flag", False),
    })),
}  # fmt: skip

SIMPLE = [
    "missing", "type", "null", "empty", "not allowed", "too long", "format", "range", "unexpected", "renamed", "characters",
]  # fmt: skip
OF_VALUES = ["repeated", "refused value", "refused customer", "refused pair", "version"]
# One in an array's item counts as a kind of its own, whatever is wrong with it.
KINDS = [*SIMPLE, *OF_VALUES, "item"]


@dataclass
class Place:
    """Where a value stands in one request, and as people write it without counting items."""

    holder: object
    key: object
    schema: object
    path: str
    item: bool


@dataclass
class Outbreak:
    kind: str
    begin: float
    end: float
    path: str
    value: object = None
    customer: str | None = None
    other: tuple | None = None


@dataclass
class Failure:
    """What is true of a failed call: the places that count as right; none where the request is not the reason."""

    kind: str
    places: set = field(default_factory=set)


def make(schema, draw, name=""):
    if isinstance(schema, Group):
        return {
            key: make(member, draw, key) for key, member in schema.members.items()
            if member.required or draw.random() < 0.2 + 0.1 * (len(key) % 6)
        }  # fmt: skip
    if isinstance(schema, Several):
        return [make(schema.item, draw, name) for _ in range(draw.randint(1, schema.most))]
    match schema.kind:
        case "word": return schema.words[min(int(draw.expovariate(0.8)), len(schema.words) - 1)]
        case "whole": return schema.low + int((schema.high - schema.low) * draw.random() ** 2)
        case "part": return round(schema.low + (schema.high - schema.low) * draw.random() ** 2, 2)
        case "flag": return draw.random() < 0.5
        case "day": return f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        case "mail": return f"{draw.choice('abcdefgh')}{draw.randint(1, 9999)}@mail{draw.randint(1, 9)}.example"
        case "zip": return f"{draw.randint(1000, 9999)}"
        case "isbn": return f"978{draw.randint(10**9, 10**10 - 1)}"
        case "id": return f"{draw.getrandbits(44):011x}"
        case "name": return draw.choice(PEOPLE)
        case _:
            if "own" in name: return draw.choice(TOWNS)[:schema.longest]
            return " ".join(draw.choices(WORDS, k=draw.randint(1, 6)))[:schema.longest].strip()  # fmt: skip


def places(schema, value, path="$", item=False):
    """Every member and item of a request, groups and lists themselves included."""
    if isinstance(schema, Group):
        for key in list(value):
            below = schema.members[key]
            yield Place(value, key, below, f"{path}.{key}", item)
            yield from places(below, value[key], f"{path}.{key}", item)
    elif isinstance(schema, Several):
        for element in value:
            yield from places(schema.item, element, path, True)


def can_break(kind, place, syntax):
    schema = place.schema
    kind_of_value = schema.kind if isinstance(schema, Value) else None
    match kind:
        case "missing" | "renamed": return schema.required
        case "null": return schema.required and kind_of_value is not None and syntax != "form"
        case "type": return kind_of_value in ("whole", "part", "flag") or syntax == "json" and isinstance(schema, Group)
        case "empty": return schema.required and kind_of_value in ("text", "word", "id", "name", "mail", "zip")
        case "not allowed": return kind_of_value == "word"
        case "too long": return kind_of_value in ("text", "name", "id")
        case "format": return kind_of_value in ("day", "mail", "zip", "isbn")
        case "range": return kind_of_value in ("whole", "part")
        case "unexpected": return isinstance(schema, Group)
        case "characters": return kind_of_value in ("text", "name")
    return False


def break_one(kind, place, draw):
    """Puts the mistake in; the places that count as right."""
    holder, key, path = place.holder, place.key, place.path
    value = holder[key]
    match kind:
        case "missing": del holder[key]
        case "null": holder[key] = None
        case "empty": holder[key] = ""
        case "type": holder[key] = {dict: [value], bool: "unknown"}.get(type(value), f"{value} pcs")
        case "not allowed": holder[key] = draw.choice([value.swapcase(), f"{value}-2", "tbd"])
        case "too long": holder[key] = (f"{value} " * 60)[: place.schema.longest + draw.randint(8, 30)].strip() + "x"
        case "format":
            other = value.replace("@", "(at)").replace("2026-", "26/")
            holder[key] = other if other != value else f"{value[:2]} {value[2:]}?"
        case "range": holder[key] = draw.choice([-1 - abs(value), place.schema.high * 20 + 7])
        case "characters": holder[key] = value[:-1] + draw.choice(["\u200b", "\ufffd", "🐫"])
        case "unexpected":
            new = draw.choice(["debug", "trace_tag", "legacyNo"])
            value[new] = "1"
            return {f"{path}.{new}"}
        case "renamed":
            new = key[0].swapcase() + key[1:] + "s" if len(key) % 2 else key.replace("_", "") + "_"
            holder[new] = holder.pop(key)
            return {path, f"{path.rpartition('.')[0]}.{new}"}
    return {path}  # fmt: skip


def written(syntax, body):
    if syntax == "json":
        return body
    if syntax == "form":
        def fields(value, name):
            if isinstance(value, dict):
                return [pair for key, below in value.items() for pair in fields(below, f"{name}[{key}]" if name else key)]
            if isinstance(value, list):
                return [pair for number, below in enumerate(value) for pair in fields(below, f"{name}[{number}]")]
            return [(name, ("no", "yes")[value] if isinstance(value, bool) else str(value))]
        return "&".join(f"{quote_plus(name, safe='[]')}={quote_plus(value)}" for name, value in fields(body, ""))

    def element(name, value):
        if isinstance(value, list):
            return "".join(element(name, below) for below in value)
        if value is None:
            return f'<{name} xsi:nil="true"/>'
        inner = "".join(element(key, below) for key, below in value.items()) if isinstance(value, dict) else escape(str(value))
        return f"<{name}>{inner}</{name}>"
    namespace = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return element("Consignment", body).replace("<Consignment>", f"<Consignment {namespace}>")


def answer(draw, kind, path, other, syntax):
    """Status, media type and body of a refusal; each style gives away more or less."""
    style = draw.choices(STYLES, STYLE_WEIGHTS)[0]
    key = path.rpartition(".")[2]
    match style:
        case "place": body = {"error": {"pointer": path.replace("$", "").replace(".", "/"), "reason": kind}}
        case "key": body = {"message": f"{key} is not acceptable", "incident": f"{draw.getrandbits(24):06x}"}
        case "code": body = {"code": f"E{SIMPLE.index(kind) + 10 if kind in SIMPLE else 44}"}
        case "vague": body = {"message": draw.choice(["Bad request", "We cannot process this", "Check your input"])}
        case "wrong": body = {"message": f"'{other}' is invalid"}
        case "page": return 400, "text/html", "<html><body><h1>400</h1>Bad Request</body></html>"
        case "server": return 500, "application/json", {"message": "internal error"}
    if syntax == "xml":
        pointer = path.replace("$", "").replace(".", "/")
        said = {"place": f"{pointer}: {kind}", "key": f"element {key}: {kind}", "code": "E7"}
        fault = f"<faultcode>Client</faultcode><faultstring>{said.get(style, 'Invalid consignment')}</faultstring>"
        return 500 if draw.random() < 0.5 else 400, "text/xml", f"<Fault>{fault}</Fault>"
    return draw.choice([400, 422]), "application/json", body  # fmt: skip


def outbreaks(syntax, schema, draw):
    """Three of simple mistakes and one of each kind that is in the values, over all of the time."""
    samples = [make(schema, draw) for _ in range(60)]
    everywhere = [place for body in samples for place in places(schema, body)]
    # Not the commonest value of a place: nobody refuses half of all requests for long.
    coded = [
        place for place in everywhere
        if isinstance(place.schema, Value) and place.schema.words and place.holder[place.key] != place.schema.words[0]
    ]  # fmt: skip
    found = []
    for kind in draw.sample(SIMPLE, 3) + OF_VALUES:
        begin = draw.uniform(0.05, 0.7)
        one = Outbreak(kind, begin, begin + draw.uniform(0.06, 0.16), "")
        if kind in SIMPLE:
            fitting = [place for place in everywhere if can_break(kind, place, syntax)]
            if not fitting:
                continue
            one.path = draw.choice(sorted({place.path for place in fitting}))
        elif kind == "repeated":
            one.path = next(place.path for place in everywhere if isinstance(place.schema, Value) and place.schema.kind == "id")
        else:
            chosen = draw.choice(coded)
            one.path, one.value = chosen.path, chosen.holder[chosen.key]
            one.customer = draw.choice(CUSTOMERS[:6])
            second = draw.choice([place for place in coded if place.path != one.path])
            one.other = (second.path, second.holder[second.key])
        found.append(one)
    return found


class Partner:
    def __init__(self, name, draw):
        self.name = name
        self.syntax, self.method, self.route, self.schema = PARTNERS[name]
        self.outbreaks = outbreaks(self.syntax, self.schema, draw)
        self.sent = []

    def remember(self, body):
        """The ids that were good: none comes twice."""
        self.sent += [
            place.holder[place.key] for place in places(self.schema, body)
            if isinstance(place.schema, Value) and place.schema.kind == "id"
        ]  # fmt: skip

    def at(self, body, path):
        return [place for place in places(self.schema, body) if place.path == path]

    def lean(self, one, body, call, draw):
        """Makes the condition of an outbreak come more often than by chance."""
        here = self.at(body, one.path)
        if not here or draw.random() > 0.12:
            return
        match one.kind:
            case "refused value" | "refused customer":
                here[0].holder[here[0].key] = one.value
                if one.kind == "refused customer":
                    call["customer"] = one.customer
            case "refused pair":
                others = self.at(body, one.other[0])
                if others:
                    here[0].holder[here[0].key] = one.value
                    others[0].holder[others[0].key] = one.other[1]
            case "repeated":
                if self.sent:
                    here[0].holder[here[0].key] = draw.choice(self.sent)
            case "version":
                call["headers"]["api-version"] = "8"

    def fails(self, one, body, call):
        """Whether an outbreak of values holds for this request; the places that count as right."""
        here = self.at(body, one.path)
        meant = [place for place in here if one.value is None or place.holder[place.key] == one.value]
        match one.kind:
            case "refused value" if meant: return {one.path}
            case "refused customer" if meant and call["customer"] == one.customer: return {one.path}
            case "refused pair" if meant and any(p.holder[p.key] == one.other[1] for p in self.at(body, one.other[0])):
                return {one.path, one.other[0]}
            case "repeated" if any(place.holder[place.key] in self.sent for place in meant): return {one.path}
            case "version" if meant and call["headers"]["api-version"] == "8": return {one.path, "header api-version"}
        return None  # fmt: skip

    def failure(self, share, body, call, draw):
        """Breaks the request, or finds that it is one of those that are refused; at a share of the time."""
        now = [one for one in self.outbreaks if one.begin <= share <= one.end]
        for one in now:
            if one.kind in OF_VALUES:
                self.lean(one, body, call, draw)
        for one in now:
            right = self.fails(one, body, call) if one.kind in OF_VALUES else None
            if right:
                return Failure(one.kind, right), one.kind
        everywhere = list(places(self.schema, body))
        for kind, path in [(one.kind, one.path) for one in now if one.kind in SIMPLE] + [(draw.choice(SIMPLE), None)]:
            chance = 0.15 if path else 0.08
            fitting = [one for one in everywhere if can_break(kind, one, self.syntax) and path in (None, one.path)]
            if fitting and draw.random() < chance:
                place = draw.choice(fitting)
                right = break_one(kind, place, draw)
                return Failure("item" if place.item and kind != "unexpected" else kind, right), kind
        return None, None


MEDIA = {"json": "application/json", "form": "application/x-www-form-urlencoded", "xml": "text/xml"}


def labelled(count: int, seed: int) -> list[tuple[dict, Failure | None]]:
    """Calls in the native form in the order of time, each with what is true of it: nothing of a good one."""
    draw = random.Random(seed)
    partners = [Partner(name, draw) for name in PARTNERS]
    outage = {partner.name: draw.uniform(0.1, 0.9) for partner in partners}
    made = []
    for number in range(count):
        share = number / count
        partner = draw.choice(partners)
        customer = CUSTOMERS[min(int(draw.expovariate(0.3)), len(CUSTOMERS) - 1)]
        headers = {"content-type": MEDIA[partner.syntax], "api-version": "7", "x-request": f"{draw.getrandbits(40):x}"}
        call = {"customer": customer, "headers": headers}
        body = make(partner.schema, draw)
        failure, kind = partner.failure(share, body, call, draw)
        is_noise = draw.random() < 0.02 or abs(share - outage[partner.name]) < 0.004 and draw.random() < 0.6
        # Of a broken request that meets an outage nobody can say which of both it was.
        if is_noise and not failure:
            failure, status = Failure("noise"), draw.choice(list(NOISE))
            media, said = "application/json", {"message": NOISE[status]}
        elif failure:
            named = sorted(failure.places)[-1]
            status, media, said = answer(draw, kind, named, draw.choice(list(partner.schema.members)), partner.syntax)
        else:
            status, media, said = 201, "application/json", {"ok": number}
            partner.remember(body)
        made.append((native(number, share, partner, call, body, draw) | answered(status, media, said), failure))
    return made


def native(number: int, share: float, partner: Partner, call: dict, body: dict, draw) -> dict:
    request = {
        "method": partner.method, "url": f"https://{partner.name}.example{partner.route}", "headers": call["headers"],
        "body": written(partner.syntax, body),
    }  # fmt: skip
    return {
        "id": f"l-{number}", "time": stamp(START + share * HOURS * 3_600), "direction": "outbound",
        "partner": partner.name, "route": f"{partner.method} {partner.route}", "service": "shop",
        "host": f"web-{draw.randint(1, 4)}", "customer": call["customer"], "request": request,
        "duration_ms": draw.randint(20, 900),
    }  # fmt: skip


def answered(status: int, media: str, said) -> dict:
    """No status is no answer."""
    if not status:
        return {"error": "response_timeout"}
    return {"response": {"status": status, "headers": {"content-type": media}, "body": said}}


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1000):03}Z"
