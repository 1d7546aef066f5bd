extension Schema {
    /// What calls did to our own requests, and what partners change.
    ///
    /// It once made an index, too, of all days that were stored, while writers waited; the fifth step makes a better one beside them.
    static let fourthStep = """
        CREATE TABLE farwatch.incident_impacts (
            incident int8 PRIMARY KEY, computed_at timestamptz NOT NULL, document json NOT NULL);
        COMMENT ON TABLE farwatch.incident_impacts IS
            'what an incident did to our own requests, in the shape of the query API; worked out again while it is open';

        CREATE TABLE farwatch.drifts (
            id text PRIMARY KEY, epoch int8 NOT NULL, partner text NOT NULL, route text NOT NULL, kind text NOT NULL,
            subject text NOT NULL, before text, after text, effective_at timestamptz, first_seen timestamptz NOT NULL,
            last_seen timestamptz NOT NULL, answers int8 NOT NULL, hosts_seeing int4 NOT NULL, hosts_calling int4 NOT NULL,
            samples text[] NOT NULL);
        CREATE INDEX ON farwatch.drifts (first_seen);
        COMMENT ON TABLE farwatch.drifts IS 'what partners changed without telling';
        """
}
