"""Calls a partner with requests, instrumented by OpenTelemetry, of which a consistent probability sampler keeps a share.

Arguments: the agent's URL, the partner's URL, the share, how many calls are made. Prints the spans kept and their tracestates."""

import json
import sys

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace._sampling_experimental import (
    composable_parent_threshold,
    composable_traceid_ratio_based,
    composite_sampler,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Sampler, SamplingResult
from opentelemetry.trace import SpanKind, get_current_span

agent, partner, share, count = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
kept = {}


class Kept(SpanExporter):
    """The calls that the SDK hands to its exporters, and what each says of how it was sampled."""

    def export(self, spans):
        for span in spans:
            if span.kind == SpanKind.CLIENT:
                kept[f"{span.context.span_id:016x}"] = span.context.trace_state.to_header()
        return SpanExportResult.SUCCESS


class Handed(Sampler):
    """Mends what is experimental in this SDK: it hands a sampler no tracestate of the parent, and the sampler's answer drops the
    attributes that a span begins with."""

    def __init__(self, sampler: Sampler):
        self.sampler = sampler

    def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, links=None, trace_state=None):
        state = get_current_span(parent_context).get_span_context().trace_state
        said = self.sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, state)
        return SamplingResult(said.decision, said.attributes or attributes, said.trace_state)

    def get_description(self):
        return self.sampler.get_description()


# The root of a trace decides; what is inside goes with it.
sampler = Handed(composite_sampler(composable_parent_threshold(composable_traceid_ratio_based(share))))
provider = TracerProvider(sampler=sampler, resource=Resource.create({"service.name": "shop"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{agent}/v1/traces")))
provider.add_span_processor(SimpleSpanProcessor(Kept()))
RequestsInstrumentor().instrument(tracer_provider=provider)
session = requests.Session()
for number in range(count):
    url = f"{partner}/status/{503 if number % 4 == 0 else 200}"
    if number % 2:
        session.get(url, timeout=60)  # The root of its own trace.
    else:
        with provider.get_tracer("shop").start_as_current_span("checkout"):
            session.get(url, timeout=60)
provider.shutdown()
print(json.dumps(kept))
