/// How a file's TLS can be read, and which probes that takes: decided from the names it exports.
public enum TLSLibrary: String, Sendable, Hashable {
    case openSSL = "OpenSSL"
    case gnuTLS = "GnuTLS"
    /// No TLS: where names are looked up.
    case resolver = "C library"
}

/// The probe programs of bpf/probes.bpf.c that stand on functions, by name.
public enum ProbeProgram: String, Sendable, CaseIterable {
    case callEntered, callReturned, handshakeEntered, handshakeReturned, roleSet, sessionFreed, shutdownEntered
    case controlEntered, gnutlsNameSet, lookupEntered, lookupReturned

    public var isReturn: Bool { self == .callReturned || self == .handshakeReturned || self == .lookupReturned }
}

/// One probe to be set: the program, the place, and what the program is told of the function.
public struct PlannedProbe: Equatable, Sendable {
    public var program: ProbeProgram
    public var function: String
    public var place: ProbePlace
    public var cookie: UInt64
    /// Without it nothing can be read; the others add names, ends and failures.
    public var isEssential: Bool
}

/// The probes for one file.
public struct ProbePlan: Equatable, Sendable {
    public var library: TLSLibrary
    public private(set) var probes: [PlannedProbe] = []
    /// Calls enter at an emulated instruction: about a fifth of the cost.
    public private(set) var isCheap = true

    /// What `fw_cookie` says in bpf/include/ProbeEvents.h.
    private enum Cookie {
        static let toPeer: UInt64 = 1
        static let returnsInt: UInt64 = 2
        static let returnsEx: UInt64 = 4
        static let returnsLong: UInt64 = 8
        static let client: UInt64 = 16
        static let server: UInt64 = 32
        static let returnsZero: UInt64 = 64
        static let dear: UInt64 = 128
    }

    static let names = [
        "SSL_read", "SSL_write", "SSL_read_ex", "SSL_write_ex", "SSL_do_handshake", "SSL_ctrl", "SSL_free",
        "SSL_shutdown",
        "SSL_set_connect_state", "SSL_set_accept_state",
        "gnutls_record_send", "gnutls_record_recv", "gnutls_handshake", "gnutls_server_name_set", "gnutls_deinit",
        "gnutls_bye", "getaddrinfo",
    ]

    /// Nil where the file exports no TLS.
    public init?(_ file: ELFFile) {
        let found = file.functions(named: Self.names)
        if found["SSL_read"] != nil, found["SSL_write"] != nil {
            library = .openSSL
            planCalls("SSL_read", toPeer: 0, found, file)
            planCalls("SSL_write", toPeer: Cookie.toPeer, found, file)
            planPair("SSL_do_handshake", .handshakeEntered, .handshakeReturned, 0, isEssential: false, found, file)
            plan("SSL_ctrl", .controlEntered, 0, found, file)
            plan("SSL_set_connect_state", .roleSet, Cookie.client, found, file)
            plan("SSL_set_accept_state", .roleSet, Cookie.server, found, file)
            plan("SSL_shutdown", .shutdownEntered, 0, found, file)
            plan("SSL_free", .sessionFreed, 0, found, file)
        } else if found["gnutls_record_send"] != nil, found["gnutls_record_recv"] != nil {
            library = .gnuTLS
            let send = Cookie.returnsLong | Cookie.toPeer
            planPair(
                "gnutls_record_recv", .callEntered, .callReturned, Cookie.returnsLong, isEssential: true, found, file)
            planPair("gnutls_record_send", .callEntered, .callReturned, send, isEssential: true, found, file)
            planPair(
                "gnutls_handshake", .handshakeEntered, .handshakeReturned, Cookie.returnsZero, isEssential: false,
                found,
                file)
            plan("gnutls_server_name_set", .gnutlsNameSet, 0, found, file)
            plan("gnutls_bye", .shutdownEntered, 0, found, file)
            plan("gnutls_deinit", .sessionFreed, 0, found, file)
        } else if found["getaddrinfo"] != nil {
            library = .resolver
            planPair("getaddrinfo", .lookupEntered, .lookupReturned, 0, isEssential: true, found, file)
        } else {
            return nil
        }
        isCheap = probes.allSatisfy { $0.place.isCheap || !$0.isEssential }
    }

    /// One pair of probes for `SSL_read` and `SSL_read_ex` together where that is proved to do, else one for each.
    private mutating func planCalls(
        _ name: String, toPeer: UInt64, _ found: [String: ELFFile.Function], _ file: ELFFile
    ) {
        if let plain = found[name], let extended = found[name + "_ex"],
            let place = ProbePlace.shared(by: extended, and: plain, in: file)
        {
            add(name + " (internal)", .callEntered, .callReturned, Cookie.returnsEx | toPeer, true, place)
        } else {
            planPair(name, .callEntered, .callReturned, Cookie.returnsInt | toPeer, isEssential: true, found, file)
            planPair(
                name + "_ex", .callEntered, .callReturned, Cookie.returnsEx | toPeer, isEssential: true, found, file)
        }
    }

    private mutating func planPair(
        _ name: String, _ entry: ProbeProgram, _ exit: ProbeProgram, _ cookie: UInt64, isEssential: Bool,
        _ found: [String: ELFFile.Function], _ file: ELFFile
    ) {
        guard let function = found[name] else { return }
        add(name, entry, exit, cookie, isEssential, ProbePlace.entry(of: function, in: file))
    }

    private mutating func add(
        _ name: String, _ entry: ProbeProgram, _ exit: ProbeProgram, _ cookie: UInt64, _ isEssential: Bool,
        _ place: ProbePlace
    ) {
        // The return first: an entry without its return would leave a frame behind.
        let cookie = place.isCheap ? cookie : cookie | Cookie.dear
        for program in [exit, entry] {
            probes.append(
                PlannedProbe(program: program, function: name, place: place, cookie: cookie, isEssential: isEssential))
        }
    }

    private mutating func plan(
        _ name: String, _ program: ProbeProgram, _ cookie: UInt64, _ found: [String: ELFFile.Function], _ file: ELFFile
    ) {
        guard let function = found[name] else { return }
        let place = ProbePlace.entry(of: function, in: file)
        probes.append(PlannedProbe(program: program, function: name, place: place, cookie: cookie, isEssential: false))
    }
}
