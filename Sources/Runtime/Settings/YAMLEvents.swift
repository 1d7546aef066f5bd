import CYaml

/// libyaml's parser as a source of events. Owns the C parser; the bytes must outlive it.
struct YAMLEvents: ~Copyable {
    enum Event {
        case documentStart
        case documentEnd
        case streamStart
        case streamEnd
        case alias(String)
        case scalar(text: String, isPlain: Bool, isTagged: Bool)
        case listStart(isTagged: Bool)
        case listEnd
        case mappingStart(isTagged: Bool)
        case mappingEnd
    }

    struct Marked {
        var event: Event
        var start: SettingsMark
        /// Exclusive.
        var end: SettingsMark
    }

    /// What libyaml says, in its own words.
    struct Failure: Error {
        var problem: String
        var context: String?
        /// Nil where only the offset of a byte is known.
        var mark: SettingsMark?
        /// Where the construct begins that the parser was in.
        var contextMark: SettingsMark?
        var byteOffset: Int
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>

    /// `bytes` stay where they are for as long as this lives.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        parser = .allocate(capacity: 1)
        // Fails for want of memory alone.
        precondition(yaml_parser_initialize(parser) == 1, "out of memory")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    mutating func next() throws(Failure) -> Marked {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        return Marked(event: swiftEvent(event), start: mark(event.start_mark), end: mark(event.end_mark))
    }

    private func failure() -> Failure {
        let state = parser.pointee
        // A reader's error is about a byte; the others have a mark.
        let hasMark = state.error == YAML_SCANNER_ERROR || state.error == YAML_PARSER_ERROR
        return Failure(
            problem: state.problem.map { String(cString: $0) } ?? "not readable as YAML",
            context: state.context.map { String(cString: $0) },
            mark: hasMark ? mark(state.problem_mark) : nil,
            contextMark: state.context == nil ? nil : mark(state.context_mark),
            byteOffset: Int(clamping: state.problem_offset))
    }
}

private func mark(_ mark: yaml_mark_t) -> SettingsMark {
    SettingsMark(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
}

private func swiftEvent(_ event: yaml_event_t) -> YAMLEvents.Event {
    switch event.type {
    case YAML_STREAM_START_EVENT: return .streamStart
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(String(cString: event.data.alias.anchor))
    case YAML_SCALAR_EVENT:
        let scalar = event.data.scalar
        let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        return .scalar(text: text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, isTagged: scalar.tag != nil)
    case YAML_SEQUENCE_START_EVENT: return .listStart(isTagged: event.data.sequence_start.tag != nil)
    case YAML_SEQUENCE_END_EVENT: return .listEnd
    case YAML_MAPPING_START_EVENT: return .mappingStart(isTagged: event.data.mapping_start.tag != nil)
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    // libyaml gives no event (YAML_NO_EVENT) after the stream's end.
    default: return .streamEnd
    }
}
