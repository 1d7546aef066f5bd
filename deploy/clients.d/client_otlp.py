"""Calls a partner with requests, instrumented by OpenTelemetry. Arguments: the agent's URL, the stand-in's URL, the encoding.

Which names the spans bear is said by OTEL_SEMCONV_STABILITY_OPT_IN. Prints the trace and span ids of what was really called."""

import json
import sys

import requests
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

agent, partner, encoding = sys.argv[1:4]
if encoding == "json":
    from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

resource = Resource.create(
    {"service.name": "shop", "service.version": "2.3.1", "deployment.environment.name": "test", "tenant.id": "acme"}
)
provider = TracerProvider(resource=resource)
exporter = OTLPSpanExporter(endpoint=f"{agent}/v1/traces", timeout=60)
provider.add_span_processor(SimpleSpanProcessor(exporter))
times = {}


class Times(SpanExporter):
    """What the SDK says of each span's beginning and end, in nanoseconds."""

    def export(self, spans):
        times.update({f"{span.context.span_id:016x}": [span.start_time, span.end_time] for span in spans})
        return SpanExportResult.SUCCESS


provider.add_span_processor(SimpleSpanProcessor(Times()))
truth = []


def remember(span, request, response=None):
    context = span.get_span_context()
    truth.append({"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}", "url": request.url})


RequestsInstrumentor().instrument(tracer_provider=provider, request_hook=remember)
for method, path in [
    ("GET", "/v1/charges/ch_1"),
    ("POST", "/status/503"),
    ("PUT", "/status/404?limit=3"),
    ("DELETE", "/status/202"),
    ("GET", "/drop"),
]:
    try:
        answer = requests.request(method, partner + path, timeout=60)
        status = answer.status_code
    except requests.ConnectionError:
        status = None
    truth[-1] |= {"method": method, "status": status}
with provider.get_tracer("shop").start_as_current_span("no call at all"):
    pass
provider.shutdown()
print(json.dumps([one | {"times": times[one["span_id"]]} for one in truth]))
