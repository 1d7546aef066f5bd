import CallModel

// Why no answer came, from what a span says of its error. The names are in
// `FailureTypes`, the phrases in `FailureWords`.

extension SpanMapping {
    /// Called where a span has no status. Nil where it says of no error either: then it was most likely cut short by
    /// its own side.
    func failure(of record: borrowing SpanRecord, _ direction: Direction) -> FailureKind? {
        let errorType = record.attributes.text(.errorType)
        guard errorType != nil || record.statusIsError || record.exceptionType != nil || record.exceptionMessage != nil
        else { return nil }
        if direction == .inbound {
            // A handler's exception names what the handler ran into, often a call of ours to somebody else: it says
            // nothing of the way between the caller and us.
            let types = [errorType, record.exceptionType]
            return types.contains { $0.flatMap(FailureTypes.kind(of:)) == .cancelled } ? .cancelled : .other
        }
        for type in [errorType, record.exceptionType] {
            if let type, let kind = FailureTypes.kind(of: type) { return kind }
        }
        // Types such as ConnectionError or Error tell nothing; the reason lies in the text.
        for text in [record.exceptionMessage, record.statusMessage, errorType, record.exceptionType] {
            if let text, let kind = FailureWords.kind(in: text) { return kind }
        }
        // Last, what a type leans to where its message said nothing.
        for type in [errorType, record.exceptionType] {
            if let type, let kind = FailureTypes.leaning(of: type) { return kind }
        }
        return .other
    }
}
