import CallModel

extension Schema {
    /// Incidents and what people do about them. Everything the decider writes of one incident goes in one transaction with the
    /// messages about it, fenced by the lease's epoch.
    ///
    /// It contracts though it removes nothing: from here on flushes append counts in the second form of `RollupBlock`, which an
    /// older program can neither fold nor judge.
    static let thirdStep = """
        CREATE TABLE farwatch.incidents (
            id int8 PRIMARY KEY, epoch int8 NOT NULL, state text NOT NULL, severity text NOT NULL, kind text NOT NULL,
            partners text[] NOT NULL, quiet bool NOT NULL, started_at timestamptz NOT NULL, opened_at timestamptz NOT NULL,
            resolved_at timestamptz, updated_at timestamptz NOT NULL, owner text, acknowledged_at timestamptz,
            acknowledged_by text, document json NOT NULL);
        CREATE INDEX ON farwatch.incidents (opened_at);
        CREATE INDEX ON farwatch.incidents (state) WHERE state <> 'resolved';
        COMMENT ON COLUMN farwatch.incidents.document IS 'what the core knows of it, in the shape of the query API';

        CREATE TABLE farwatch.incident_actions (
            id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident int8 NOT NULL, at timestamptz NOT NULL DEFAULT now(),
            who text NOT NULL, what text NOT NULL, detail text, applied_at timestamptz, refused text);
        CREATE INDEX ON farwatch.incident_actions (incident);
        CREATE INDEX ON farwatch.incident_actions (id) WHERE applied_at IS NULL;
        COMMENT ON TABLE farwatch.incident_actions IS
            'acknowledge, assign, note, resolve, case-sent and case-acknowledged, as people asked for them; the decider applies them in order of id';

        CREATE TABLE farwatch.quiets (
            id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, side text, matchers json NOT NULL,
            starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, comment text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(), created_by text NOT NULL,
            updated_at timestamptz NOT NULL DEFAULT now(), ended_by text);
        COMMENT ON TABLE farwatch.quiets IS 'kind: silence or maintenance; side of a maintenance: ours or theirs';
        CREATE INDEX ON farwatch.quiets (ends_at);

        CREATE TABLE farwatch.owners (
            name text PRIMARY KEY, document json NOT NULL, updated_at timestamptz NOT NULL DEFAULT now(),
            updated_by text NOT NULL);
        COMMENT ON TABLE farwatch.owners IS 'those made by the API; the settings file has its own, which win';

        CREATE TABLE farwatch.outbox (
            id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, incident int8 NOT NULL, channel text NOT NULL,
            sequence int4 NOT NULL, kind text NOT NULL, message json NOT NULL, created_at timestamptz NOT NULL,
            state text NOT NULL DEFAULT 'pending', attempts int4 NOT NULL DEFAULT 0,
            next_attempt_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz, last_error text,
            UNIQUE (incident, channel, sequence));
        CREATE INDEX ON farwatch.outbox (next_attempt_at) WHERE state = 'pending';
        COMMENT ON COLUMN farwatch.outbox.state IS 'pending, delivered, dead (given up), superseded (by a later message)';
        CREATE TABLE farwatch.channel_references (
            incident int8 NOT NULL, channel text NOT NULL, reference text NOT NULL, PRIMARY KEY (incident, channel));
        COMMENT ON TABLE farwatch.channel_references IS 'by what a channel knows an incident: a message to update, a thread';

        CREATE TABLE farwatch.shares (
            id text PRIMARY KEY, evidence text NOT NULL, key_hash bytea NOT NULL UNIQUE, recipient text NOT NULL,
            created_at timestamptz NOT NULL, created_by text NOT NULL, expires_at timestamptz NOT NULL,
            ended_at timestamptz, ended_by text, view_count int8 NOT NULL DEFAULT 0, viewed_at timestamptz);
        CREATE INDEX ON farwatch.shares (evidence);
        COMMENT ON COLUMN farwatch.shares.key_hash IS 'SHA-256 of the key in the link; the key itself is kept nowhere';
        """
}
