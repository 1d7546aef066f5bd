import CallModel

extension Schema {
    /// Rules kept throughout (docs/decisions/schema.md): every key holds its distribution column, no triggers, no foreign keys
    /// across shards, no index on random ids, partitions by `received_at`.
    static let firstStep = """
        CREATE TABLE farwatch.names (
            kind int2 NOT NULL,
            id int4 GENERATED ALWAYS AS IDENTITY,
            name text NOT NULL,
            PRIMARY KEY (kind, id),
            UNIQUE (kind, name));
        COMMENT ON TABLE farwatch.names IS
            'kind: 1 partner, 2 route, 3 service, 4 service_version, 5 host, 6 region, 7 environment, 8 customer, 9 agent';

        CREATE TABLE farwatch.origins (
            id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            service int4 NOT NULL, service_version int4 NOT NULL, host int4 NOT NULL, region int4 NOT NULL,
            environment int4 NOT NULL,
            UNIQUE (service, service_version, host, region, environment));
        COMMENT ON TABLE farwatch.origins IS 'where calls of ours come from, as ids of names; 0 is none';

        CREATE TABLE farwatch.outcomes (code int2 PRIMARY KEY, outcome text NOT NULL, failure text, counts_as_failure bool NOT NULL);
        INSERT INTO farwatch.outcomes VALUES \(outcomeRows);

        CREATE TABLE farwatch.call_rows (
            received_at timestamptz NOT NULL,
            time timestamptz NOT NULL,
            block int8 NOT NULL,
            duration_us int8,
            trace_id uuid,
            span_id int8,
            partner int4 NOT NULL,
            route int4 NOT NULL,
            origin int4 NOT NULL,
            customer int4 NOT NULL,
            weight int4 NOT NULL,
            shard int2 NOT NULL,
            row int2 NOT NULL,
            flags int2 NOT NULL,
            outcome int2 NOT NULL,
            status int2,
            supplied_id text
        ) PARTITION BY RANGE (received_at);
        COMMENT ON COLUMN farwatch.call_rows.flags IS
            '1 inbound, 2-8 source, 16 the id is trace and span, 32 has a response, from 256 on: error + 1';
        CREATE INDEX ON farwatch.call_rows USING brin (time) WITH (pages_per_range = 32);
        CREATE INDEX ON farwatch.call_rows USING brin (received_at) WITH (pages_per_range = 32);
        CREATE INDEX ON farwatch.call_rows USING brin (trace_id uuid_bloom_ops, supplied_id text_bloom_ops)
            WITH (pages_per_range = 32);

        CREATE TABLE farwatch.payload_blocks (
            received_at timestamptz NOT NULL,
            block int8 NOT NULL,
            shard int2 NOT NULL,
            call_count int2 NOT NULL,
            bytes bytea NOT NULL,
            PRIMARY KEY (shard, received_at, block)
        ) PARTITION BY RANGE (received_at);

        CREATE TABLE farwatch.ledger (
            shard int2 NOT NULL, agent int4 NOT NULL, spool uuid NOT NULL, sequence int8 NOT NULL,
            checksum bytea NOT NULL, received_at timestamptz NOT NULL,
            PRIMARY KEY (shard, agent, spool, sequence));
        CREATE TABLE farwatch.spools (
            shard int2 NOT NULL, agent int4 NOT NULL, spool uuid NOT NULL,
            floor int8 NOT NULL, floor_at timestamptz NOT NULL,
            PRIMARY KEY (shard, agent, spool));
        COMMENT ON TABLE farwatch.spools IS
            'every sequence below floor was acknowledged; the ledger forgets them some time after floor_at';

        CREATE TABLE farwatch.writers (
            id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, started_at timestamptz NOT NULL);
        CREATE TABLE farwatch.rollup_blocks (
            received_at timestamptz NOT NULL, writer int4 NOT NULL, flush int8 NOT NULL,
            bytes bytea NOT NULL,
            PRIMARY KEY (received_at, writer, flush)
        ) PARTITION BY RANGE (received_at);
        CREATE INDEX ON farwatch.rollup_blocks (writer, flush);
        -- Compressed already: trying again costs time and gains nothing.
        ALTER TABLE farwatch.payload_blocks ALTER COLUMN bytes SET STORAGE EXTERNAL;
        ALTER TABLE farwatch.rollup_blocks ALTER COLUMN bytes SET STORAGE EXTERNAL;
        CREATE TABLE farwatch.compacted (writer int4 PRIMARY KEY, flush int8 NOT NULL);

        CREATE TABLE farwatch.minute_counts (
            minute timestamptz NOT NULL, partner int4 NOT NULL, dimension int2 NOT NULL, first int4 NOT NULL,
            second int4 NOT NULL, direction int2 NOT NULL, outcome int2 NOT NULL, stored int8 NOT NULL, calls int8 NOT NULL,
            PRIMARY KEY (partner, dimension, minute, first, second, direction, outcome)
        ) PARTITION BY RANGE (minute);
        COMMENT ON COLUMN farwatch.minute_counts.dimension IS
            '0 first = route, second = region; 1 host; 2 customer; 3 service version';
        CREATE TABLE farwatch.minute_latencies (
            minute timestamptz NOT NULL, partner int4 NOT NULL, route int4 NOT NULL, region int4 NOT NULL,
            direction int2 NOT NULL, bucket int2 NOT NULL, calls int8 NOT NULL,
            PRIMARY KEY (partner, minute, route, region, direction, bucket)
        ) PARTITION BY RANGE (minute);
        CREATE TABLE farwatch.minute_counts_default PARTITION OF farwatch.minute_counts DEFAULT;
        CREATE TABLE farwatch.minute_latencies_default PARTITION OF farwatch.minute_latencies DEFAULT;

        CREATE TABLE farwatch.outages (
            partner int4 NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz, status text NOT NULL,
            worst text NOT NULL, reason text NOT NULL, calls_failed int8 NOT NULL DEFAULT 0,
            PRIMARY KEY (partner, started_at));
        CREATE TABLE farwatch.leases (name text PRIMARY KEY, holder text NOT NULL, epoch int8 NOT NULL, until timestamptz NOT NULL);
        CREATE TABLE farwatch.snapshots (
            name text PRIMARY KEY, epoch int8 NOT NULL, published_at timestamptz NOT NULL, bytes bytea NOT NULL);

        CREATE TABLE farwatch.agents (
            shard int2 NOT NULL, agent int4 NOT NULL, first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL,
            report jsonb NOT NULL, PRIMARY KEY (shard, agent));
        CREATE TABLE farwatch.tokens (
            id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, hash bytea NOT NULL UNIQUE,
            scopes text[] NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz,
            revoked_at timestamptz, last_used_at timestamptz);
        CREATE TABLE farwatch.audit (
            at timestamptz NOT NULL DEFAULT now(), who text NOT NULL, what text NOT NULL, detail jsonb NOT NULL);

        CREATE VIEW farwatch.calls AS
            SELECT coalesce(c.supplied_id,
                    CASE WHEN c.flags & 16 <> 0
                        THEN replace(c.trace_id::text, '-', '') || '-' || lpad(to_hex(c.span_id), 16, '0') END,
                    'c' || lpad(to_hex(floor(extract(epoch FROM c.received_at) / 60)::int8), 8, '0')
                        || lpad(to_hex(c.shard::int4), 2, '0') || lpad(to_hex(c.block), 16, '0')
                        || lpad(to_hex(c.row::int4), 3, '0')) AS id,
                c.time, c.received_at,
                CASE WHEN c.flags & 1 = 0 THEN 'outbound' ELSE 'inbound' END AS direction,
                p.name AS partner, r.name AS route, s.name AS service, v.name AS service_version, h.name AS host,
                g.name AS region, e.name AS environment, k.name AS customer,
                o.outcome, o.failure, o.counts_as_failure AS failed, c.status, c.duration_us / 1000.0 AS duration_ms,
                c.weight, replace(c.trace_id::text, '-', '') AS trace_id, lpad(to_hex(c.span_id), 16, '0') AS span_id
            FROM farwatch.call_rows c
            LEFT JOIN farwatch.outcomes o ON o.code = c.outcome
            LEFT JOIN farwatch.origins f ON f.id = c.origin
            LEFT JOIN farwatch.names p ON p.kind = 1 AND p.id = c.partner
            LEFT JOIN farwatch.names r ON r.kind = 2 AND r.id = c.route
            LEFT JOIN farwatch.names s ON s.kind = 3 AND s.id = f.service
            LEFT JOIN farwatch.names v ON v.kind = 4 AND v.id = f.service_version
            LEFT JOIN farwatch.names h ON h.kind = 5 AND h.id = f.host
            LEFT JOIN farwatch.names g ON g.kind = 6 AND g.id = f.region
            LEFT JOIN farwatch.names e ON e.kind = 7 AND e.id = f.environment
            LEFT JOIN farwatch.names k ON k.kind = 8 AND k.id = c.customer;
        COMMENT ON VIEW farwatch.calls IS 'every stored call with names instead of ids; bodies lie in payload_blocks';
        """

    private static var outcomeRows: String {
        Outcome.allCases.map { outcome in
            var failure = "NULL"
            if case .noAnswer(let kind) = outcome { failure = "'\(kind.name)'" }
            return "(\(outcome.code), '\(outcome.name)', \(failure), \(outcome.isFailure))"
        }.joined(separator: ", ")
    }
}

/// What a stored name names. Stored by raw value, so never renumbered.
public enum NameKind: Int16, CaseIterable, Sendable {
    case partner = 1
    case route = 2
    case service = 3
    case serviceVersion = 4
    case host = 5
    case region = 6
    case environment = 7
    case customer = 8
    case agent = 9
    /// Of far ends: a /24 or /48.
    case network = 10

    /// How many names of the kind are kept; the excess becomes `{other}`, so that a sender gone wild costs bounded memory.
    var countMax: Int {
        switch self {
        case .partner, .service: 20_000
        case .route, .customer, .network: 200_000
        case .serviceVersion, .host, .agent: 100_000
        case .region, .environment: 1_000
        }
    }
}
