// The partners Farwatch ships, as dated data. What is told of a partner was taken from its documentation where `confirmedParts`
// says so, and is from third parties or general knowledge everywhere else: a wrong host costs a name, never a call.

extension PartnerDefinition {
    public static let builtIn: [PartnerDefinition] =
        payments + commerce + messaging + support + developerTools + productivity + identity + clouds + intelligence
        + operations + people + marketing + finance + communication + genericSenders

    /// The day of the last review.
    static let reviewed = "2026-11-27"
    public static let general = "general knowledge; to be verified"
}
