import Runtime

extension PostgresPool {
    /// Shows the pool under `farwatch_postgres_pool_…`, with its name as a label. The registry keeps the pool alive.
    public func addMetrics(to registry: MetricsRegistry) {
        let labels = [("pool", configuration.name)]
        func count(_ name: String, _ help: String, _ value: @escaping @Sendable (Counts) -> Int) {
            registry.counter("farwatch_postgres_pool_\(name)_total", help: help, labels: labels) {
                Double(value(self.health.counts))
            }
        }
        func gauge(_ name: String, _ help: String, _ value: @escaping @Sendable (Health) -> Int) {
            registry.gauge("farwatch_postgres_pool_\(name)", help: help, labels: labels) { Double(value(self.health)) }
        }
        gauge("connections", "Connections at present.") { $0.connectedCount }
        gauge("waiting_requests", "Work that waits for a connection.") { $0.waitingCount }
        gauge("running_requests", "Work under way.") { $0.runningCount }
        count("requests", "Work begun.") { $0.run }
        count("refused_full_requests", "Work refused because the queue was full.") { $0.refusedFull }
        count("refused_unavailable_requests", "Work refused because there was no connection.") { $0.refusedUnavailable }
        count("connections_made", "Connections made.") { $0.connected }
        count("connections_failed", "Attempts to connect that failed.") { $0.connectFailed }
        count("connections_lost", "Connections that broke.") { $0.lost }
    }
}
