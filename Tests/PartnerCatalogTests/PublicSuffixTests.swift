import CallModel
import PartnerCatalog
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite struct PublicSuffixTests {
    @Test(arguments: [
        ("api.acme.co.uk", "acme.co.uk"), ("api.acme.com.au", "acme.com.au"), ("api.acme.de", "acme.de"),
        ("a.acme.com.ck", "acme.com.ck"), ("x.www.ck", "www.ck"), ("acme.herokuapp.com", "acme.herokuapp.com"),
        ("api.acme.com.bd", "acme.com.bd"), ("a.b.acme.vercel.app", "acme.vercel.app"),
        ("x1.execute-api.eu-west-1.amazonaws.com", "x1.execute-api.eu-west-1.amazonaws.com"),
    ])
    func `a host belongs to its registrable domain`(host: String, domain: String) {
        #expect(PublicSuffixes.builtIn.registrableDomain(of: host) == domain)
    }

    @Test func `the list is read with wildcards, exceptions, comments and both kinds of rules`() throws {
        let text = """
            // A comment.
            // ===BEGIN ICANN DOMAINS===
            com
            *.ck  trailing words are no part of the rule
            !www.ck
            co.uk\r
            公司.cn
            // ===END ICANN DOMAINS===
            // ===BEGIN PRIVATE DOMAINS===
            apps.example
            *.hosting.example
            """
        let suffixes = try #require(PublicSuffixes(list: Array(text.utf8)))
        #expect(suffixes.registries == ["com", "*.ck", "!www.ck", "co.uk", "xn--55qx5d.cn"])
        #expect(suffixes.companies == ["apps.example", "*.hosting.example"])
        #expect(suffixes.registrableDomain(of: "a.b.c.ck") == "b.c.ck")
        #expect(suffixes.registrableDomain(of: "c.ck") == nil)
        #expect(suffixes.registrableDomain(of: "a.www.ck") == "www.ck")
        #expect(suffixes.registrableDomain(of: "a.x.eu.hosting.example") == "x.eu.hosting.example")
        #expect(suffixes.registrableDomain(of: "hosting.example") == "hosting.example")
        #expect(PublicSuffixes(list: Array("<html>".utf8)) != nil)
        #expect(PublicSuffixes(list: []) == nil)
        #expect(PublicSuffixes(list: Array("!\n*.\n// x\n".utf8)) == nil)
    }

    /// The compact rules against the whole list, where Debian's package is installed.
    @Test func `the shipped rules agree with the whole list on the common suffixes`() throws {
        let path = "/usr/share/publicsuffix/public_suffix_list.dat"
        guard let bytes = readFile(path), let whole = PublicSuffixes(list: bytes) else {
            print("skipped: \(path) is not installed")
            return
        }
        let common: Set<Substring> = ["com", "co", "net", "org", "edu", "gov", "ac", "go", "or", "gob", "gouv", "govt"]
        let (ours, theirs) = (catalogue(.builtIn), catalogue(whole))
        var missed: [String] = []
        var count = 0
        for rule in whole.registries {
            let labels = rule.split(separator: ".")
            guard labels.count == 2, common.contains(labels[0]), labels[1].utf8.count == 2 else { continue }
            count += 1
            let url = "https://api.acme." + rule
            if ours.partner(url) != theirs.partner(url) { missed.append(rule) }
        }
        #expect(count > 500)
        #expect(missed.isEmpty, "\(missed.count) of \(count): \(missed)")
        for rule in PublicSuffixes.builtIn.registries where !rule.hasPrefix("*") && !rule.hasPrefix("!") {
            #expect(theirs.partner("https://api.acme." + rule) == "acme." + rule, "\(rule) is no public suffix")
        }
    }

    private func catalogue(_ suffixes: PublicSuffixes) -> Catalogue {
        Catalogue(
            builtIn: false, partners: [], listedRoutes: [], unknownHosts: .registrableDomain, publicSuffixes: suffixes)
    }

    private func readFile(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        return bytes
    }
}
