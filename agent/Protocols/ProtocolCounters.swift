/// What `Protocols` has seen and let go, since the start. Every bound of `ProtocolConfiguration` has its counter here.
public struct ProtocolCounters: Sendable, Equatable {
    public var connections = 0
    public var chunks = 0
    public var bytes = 0
    public var gaps = 0
    public var calls = 0
    /// Calls without an answer where it is not known whether one came: the capture saw only a part.
    public var callsAnswerUnknown = 0
    /// Answers to a request that was not seen, or that nobody made.
    public var responsesWithoutRequest = 0
    public var interimResponses = 0
    public var pushPromises = 0
    public var goAways = 0
    public var streamResets = 0
    /// Messages no browser or server would make sense of.
    public var malformedMessages = 0
    /// Messages whose framing is that of a smuggling attempt: two lengths, or a length and chunks.
    public var ambiguousMessages = 0
    /// Times a direction was lost, and times it was found again.
    public var lostDirections = 0
    public var resynchronisations = 0
    public var tunnels = 0
    public var upgrades = 0
    /// Connections that speak nothing known here.
    public var opaqueConnections = 0
    /// HTTP/2 header blocks with fields that refer to a table seen only in part; requests not told because of it.
    public var incompleteHeaderBlocks = 0
    public var unknownRequests = 0
    public var connectionsEvicted = 0
    public var streamsEvicted = 0
    public var bodiesNotKept = 0
    public var fieldsLeftOut = 0
    public var oversizedHeads = 0
    public var oversizedHeaderBlocks = 0
    public var waitingRequestsDropped = 0
    public var namesEvicted = 0
    /// Failed connections that are no failed calls: another address was reached, or another service was meant.
    public var failuresLeftOut = 0
    /// Failures told already within the repeat interval.
    public var repeatedFailures = 0

    public init() {}
}
