"""Exports one good span and one that no call can be made of, and goes on for as long as the exporter thinks it worth it.

Arguments: the agent's URL, the encoding, and for how many seconds the exporter may try. Prints every answer that it got."""

import json
import sys

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from urllib3.connectionpool import HTTPConnectionPool

agent, encoding, timeout = sys.argv[1:4]
if encoding == "json":
    from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

answers = []
really = HTTPConnectionPool.urlopen  # Both exporters come to it in the end.


def remember(*arguments, **options):
    answer = really(*arguments, **options)
    answers.append({"status": answer.status, "retry_after": answer.headers.get("retry-after")})
    return answer


HTTPConnectionPool.urlopen = remember
exporter = OTLPSpanExporter(endpoint=f"{agent}/v1/traces", timeout=float(timeout))
memory = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
tracer = provider.get_tracer("shop")
for method in ("GET", "GE T"):
    attributes = {"http.request.method": method, "url.full": "https://api.stripe.com/v1/charges/ch_1", "http.response.status_code": 200}
    tracer.start_span(method, kind=SpanKind.CLIENT, attributes=attributes).end()
result = exporter.export(memory.get_finished_spans())
print(json.dumps({"result": result.name, "answers": answers}))
