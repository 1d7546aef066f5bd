/// Master secrets of sessions of TLS 1.2 and older by what a client resumes them with: their number, or a ticket (RFC 5246, section 7.3;
/// RFC 5077). A key log need not have a line for a connection that was resumed, if it had one for the session's first.
struct SessionSecrets {
    private enum Name: Hashable {
        case number([UInt8])
        case ticket([UInt8])
    }

    /// Longer tickets are not remembered; those that hold a client's certificate have a few thousand.
    private static let ticketByteCountMax = 4_096

    /// The oldest give way.
    let countMax: Int
    private var masters: [Name: [UInt8]] = [:]
    private var order: [Name] = []
    private var head = 0

    init(countMax: Int) { self.countMax = max(1, countMax) }

    func master(ofSession number: [UInt8]) -> [UInt8]? { number.isEmpty ? nil : masters[.number(number)] }

    func master(ofTicket ticket: [UInt8]) -> [UInt8]? { ticket.isEmpty ? nil : masters[.ticket(ticket)] }

    mutating func learn(_ master: [UInt8], ofSession number: [UInt8]) {
        if !number.isEmpty { learn(master, .number(number)) }
    }

    mutating func learn(_ master: [UInt8], ofTicket ticket: [UInt8]) {
        if (1...Self.ticketByteCountMax).contains(ticket.count) { learn(master, .ticket(ticket)) }
    }

    private mutating func learn(_ master: [UInt8], _ name: Name) {
        guard masters.updateValue(master, forKey: name) == nil else { return }
        order.append(name)
        guard masters.count > countMax else { return }
        masters[order[head]] = nil
        head += 1
        guard head * 2 > order.count else { return }
        order.removeFirst(head)
        head = 0
    }
}
