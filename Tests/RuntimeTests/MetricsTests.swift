import Glibc
import Runtime
import Testing

@Suite struct MetricsTests {
    private func text(_ registry: MetricsRegistry) -> [Substring] {
        String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
            .filter { !$0.contains("farwatch_metrics_label_sets_refused") }
    }

    /// What Prometheus's own checker says; empty when it is content.
    private func complaints(about registry: MetricsRegistry) async throws -> String {
        var promtool = ProcessConfiguration("promtool", ["check", "metrics"], environment: ThisProcess.environment)
        promtool.input = .bytes(registry.exposition())
        do {
            let result = try await ChildProcess.run(promtool, timeout: .seconds(120))
            return result.succeeded ? "" : "\(result.ending): \(result.outputText)\(result.errorText)"
        } catch ProcessError.notFound {
            return "promtool is missing: install the package `prometheus`"
        }
    }

    @Test func `families are grouped and sorted, HELP and TYPE stand once`() {
        let registry = MetricsRegistry()
        registry.counter("b_total", help: "Bees.", labels: [("kind", "worker")]).add(3)
        registry.gauge("a_bytes", help: "Apples.").set(2.5)
        registry.counter("b_total", help: "Bees.", labels: [("kind", "queen")]).add()
        registry.gauge("c_ratio", help: "Read.", read: { 0.25 })
        registry.counter("d_seconds_total", help: "Read.", read: { 1e20 })
        #expect(
            text(registry) == [
                "# HELP a_bytes Apples.", "# TYPE a_bytes gauge", "a_bytes 2.5",
                "# HELP b_total Bees.", "# TYPE b_total counter", "b_total{kind=\"queen\"} 1",
                "b_total{kind=\"worker\"} 3",
                "# HELP c_ratio Read.", "# TYPE c_ratio gauge", "c_ratio 0.25",
                "# HELP d_seconds_total Read.", "# TYPE d_seconds_total counter", "d_seconds_total 1e+20",
            ])
        #expect(registry.exposition().last == UInt8(ascii: "\n"))
    }

    @Test func `a histogram is cumulative and its count is its last bucket`() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram(
            "wait_seconds", help: "Waiting.", buckets: [0.1, 0.5, 1], labels: [("stage", "ingest")])
        for value in [0.05, 0.1, 0.3, 0.9, 7, .infinity, .nan] { histogram.observe(value) }
        histogram.observe(.milliseconds(250))
        #expect(
            text(registry) == [
                "# HELP wait_seconds Waiting.", "# TYPE wait_seconds histogram",
                "wait_seconds_bucket{stage=\"ingest\",le=\"0.1\"} 2",
                "wait_seconds_bucket{stage=\"ingest\",le=\"0.5\"} 4",
                "wait_seconds_bucket{stage=\"ingest\",le=\"1\"} 5",
                "wait_seconds_bucket{stage=\"ingest\",le=\"+Inf\"} 7",
                "wait_seconds_sum{stage=\"ingest\"} +Inf", "wait_seconds_count{stage=\"ingest\"} 7",
            ])
        #expect(histogram.snapshot().counts == [2, 2, 1, 2])
    }

    @Test func `what would break a line is escaped`() {
        let registry = MetricsRegistry()
        registry.counter("a_total", help: "back\\slash \"quote\"\nline", labels: [("x", "back\\slash \"quote\"\nline")])
            .add()
        #expect(
            text(registry) == [
                #"# HELP a_total back\\slash "quote"\nline"#, "# TYPE a_total counter",
                #"a_total{x="back\\slash \"quote\"\nline"} 1"#,
            ])
    }

    @Test func `special values have Prometheus's names`() {
        let registry = MetricsRegistry()
        for (index, value) in [Double.nan, .infinity, -.infinity, -0.0, 1e-7, 1.2345678901234568e17].enumerated() {
            registry.gauge("x", help: "X.", labels: [("i", "\(index)")]).set(value)
        }
        #expect(
            text(registry).dropFirst(2).map { String($0.split(separator: " ")[1]) } == [
                "NaN", "+Inf", "-Inf", "0", "1e-07", "1.2345678901234568e+17",
            ])
    }

    @Test func `the same name and labels are the same counter, in any order`() {
        let registry = MetricsRegistry()
        let one = registry.counter("a_total", help: "A.", labels: [("x", "1"), ("y", "2")])
        let other = registry.counter("a_total", help: "A.", labels: [("y", "2"), ("x", "1")])
        one.add()
        #expect(one === other)
        #expect(other.value == 1)
    }

    @Test func `label sets beyond the bound count as other, and are counted`() {
        var limits = MetricsRegistry.Limits()
        limits.labelSetsMax = 3
        limits.labelValueByteCountMax = 4
        let registry = MetricsRegistry(limits: limits)
        for partner in 0..<10 {
            registry.counter("calls_total", help: "C.", labels: [("partner", "p\(partner)")]).add()
        }
        for partner in 0..<5 { registry.gauge("ratio", help: "R.", labels: [("partner", "p\(partner)")]).set(1) }
        registry.gauge("read", help: "R.", labels: [("x", "aé€€")], read: { 1 })
        let all = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(all.contains("calls_total{partner=\"{other}\"} 7\n"))
        #expect(all.contains("calls_total{partner=\"p2\"} 1\n"))
        #expect(!all.contains("p3"))
        #expect(all.contains("read{x=\"aé\"} 1\n"))
        #expect(all.contains("farwatch_metrics_label_sets_refused_total 9\n"))
    }

    @Test func `a series can be taken out, and a closure replaced`() {
        let registry = MetricsRegistry()
        registry.gauge("x", help: "X.", labels: [("p", "a")], read: { 1 })
        registry.gauge("x", help: "X.", labels: [("p", "b")], read: { 2 })
        registry.gauge("x", help: "X.", labels: [("p", "b")], read: { 3 })
        registry.remove("x", labels: [("p", "a")])
        #expect(text(registry) == ["# HELP x X.", "# TYPE x gauge", "x{p=\"b\"} 3"])
        registry.remove("x", labels: [("p", "b")])
        #expect(text(registry) == [])
    }

    @Test func `a closure may ask the registry`() {
        let registry = MetricsRegistry()
        registry.gauge(
            "x", help: "X.", read: { [weak registry] in Double(registry?.counter("y_total", help: "Y.").value ?? -1) })
        #expect(text(registry).last == "x 0")
    }

    @Test func `nothing is lost when many count at once`() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("a_total", help: "A.")
        let gauge = registry.gauge("b", help: "B.")
        let histogram = registry.histogram("c_seconds", help: "C.", buckets: [1])
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.add()
                        gauge.add(0.5)
                        histogram.observe(2)
                    }
                }
            }
        }
        #expect(counter.value == 80_000)
        #expect(gauge.value == 40_000)
        #expect(histogram.snapshot().counts == [0, 80_000])
        #expect(histogram.snapshot().sum == 160_000)
    }

    @Test func `promtool accepts all of it`() async throws {
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        registry.counter(
            "farwatch_calls_total", help: "Calls \"seen\"\n\\.", labels: [("partner", "a\"b\\c\nd"), ("x", "ü")]
        ).add(2)
        registry.gauge("farwatch_lag_seconds", help: "Lag.").set(.nan)
        registry.histogram("farwatch_wait_seconds", help: "Wait.").observe(0.2)
        for value in ["a", "b"] {
            registry.histogram(
                "farwatch_size_bytes", help: "Size.", buckets: [1, 1024, 1e9], labels: [("kind", value)]
            ).observe(1e6)
        }
        #expect(try await complaints(about: registry) == "")
    }

    @Test func `promtool would tell`() async throws {
        let registry = MetricsRegistry()
        registry.counter("farwatch_calls", help: "No suffix.").add()
        #expect(try await complaints(about: registry).contains("total"))
    }

    @Test func `the process tells of itself`() throws {
        let registry = MetricsRegistry()
        registry.addProcessMetrics()
        func value(_ name: String) throws -> Double {
            let line = try #require(text(registry).first { $0.hasPrefix(name + " ") })
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"))
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_threads") >= 1)
        let start = try value("process_start_time_seconds")
        let now = Double(WallClock.now()) / 1e9
        // The kernel's boot time is in whole seconds.
        #expect(start <= now + 1.5)
        #expect(start > now - 86_400)
    }
}
