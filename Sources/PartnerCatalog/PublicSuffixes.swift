/// The names under which registries and hosting companies hand out names to others: `co.uk`, `herokuapp.com`.
///
/// A host's *registrable domain* is its public suffix and one label more: `api.acme.co.uk` belongs to `acme.co.uk`. Every name
/// without a rule counts its last label as the suffix, as the Public Suffix List's own default rule does. Rules are written as
/// that list writes them: `co.uk`, `*.ck` (every name below `ck`), `!www.ck` (but not this one).
///
/// What is shipped (`builtIn`) is a compact set of our own, and an operator may give the whole list (docs/decisions/public-suffixes.md).
public struct PublicSuffixes: Sendable, Equatable {
    /// Delegated by registries.
    public var registries: [String]
    /// Given out by companies to their customers.
    public var companies: [String]

    public init(registries: [String], companies: [String]) {
        self.registries = registries
        self.companies = companies
    }

    /// The registrable domain of a normalised host, or nil for a public suffix itself, an address or a name without a dot.
    public func registrableDomain(of host: String) -> String? {
        var table = HostTable()
        add(to: &table)
        var host = host
        return host.withUTF8 { bytes in
            guard HostName.kind(bytes) == .name else { return nil }
            return PublicSuffixes.registrableStart(table.match(bytes), in: bytes)
                .map { String(decoding: bytes[$0...], as: UTF8.self) }
        }
    }

    func add(to table: inout HostTable) {
        for suffix in registries { table.addSuffix(suffix, kind: .registry) }
        for suffix in companies { table.addSuffix(suffix, kind: .company) }
    }

    /// Where the registrable domain begins. A company's suffix called by its own name belongs to the company.
    static func registrableStart(_ match: HostTable.Match, in host: UnsafeBufferPointer<UInt8>) -> Int? {
        if let start = match.suffixStart, start > 0 { return labelStart(before: start, in: host) }
        let registryStart = match.registrySuffixStart ?? match.topStart
        return registryStart > 0 ? labelStart(before: registryStart, in: host) : nil
    }

    static func labelStart(before suffixStart: Int, in host: UnsafeBufferPointer<UInt8>) -> Int {
        var start = suffixStart - 1
        while start > 0, host[start - 1] != UInt8(ascii: ".") { start -= 1 }
        return start
    }
}
