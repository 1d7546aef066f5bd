import Contrast
import Testing

struct CountsTableTests {
    private func table(_ text: String, failed: String = "failed", total: String = "total") throws -> CountsTable {
        var configuration = CountsTable.Configuration()
        configuration.failedColumn = failed
        configuration.totalColumn = total
        return try CountsTable(Array(text.utf8), configuration)
    }

    @Test func `every column beside the counts and the time is a dimension`() throws {
        let table = try table("timestamp,host,api,total,failed\n1,a,x,10,1\n2,a,x,10,9\n")
        #expect(table.dimensions == ["host", "api"])
        let rows = table.contrastRows(baseline: nil)
        #expect(rows.count == 1)
    }

    @Test func `quotes, commas inside them and line ends of Windows are read`() throws {
        let table = try table("host,failed,total\r\n\"a,\"\"b\"\"\",1,2\r\n")
        let findings = Contrast().causes(in: table.contrastRows(baseline: nil))
        #expect(table.rowCount == 1)
        #expect(findings.failures == 1)
    }

    @Test func `a bad row is counted, and the others stay`() throws {
        let table = try table("host,failed,total\na,1,2\nb,many,2\nc,1\nd,2,3\n")
        #expect(table.rowCount == 2)
        #expect(table.refusedCount == 2)
        #expect(table.firstRefusal == "line 3: a count that is no number")
    }

    @Test func `a missing column is named with those there are`() {
        let error = #expect(throws: CountsError.self) { try table("host,errors,total\n") }
        #expect(error?.description.contains("`failed`") == true)
        #expect(error?.description.contains("errors") == true)
    }

    @Test func `a file cut anywhere never traps`() throws {
        let text = Array("host,failed,total\n\"a\nb\",1,2\nc,3,4\n".utf8)
        for end in 0...text.count {
            do { _ = try CountsTable(Array(text[..<end])) } catch is CountsError {}
        }
    }

    @Test func `the baseline is matched by the dimensions that both have`() throws {
        let now = try table("host,api,failed,total\nh1,x,40,100\nh1,y,40,100\nh2,x,1,100\nh2,y,1,100\n")
        let before = try table(
            "api,host,zone,failed,total\nx,h1,z,10,1000\ny,h1,z,10,1000\nx,h2,z,10,1000\ny,h2,z,10,1000\n")
        let findings = Contrast().causes(in: now.contrastRows(baseline: before))
        #expect(findings.chosen.map(\.predicate) == [[ContrastLiteral(dimension: "host", value: "h1")]])
    }
}
