import BatchFormat
import CallModel
import Testing

struct PayloadThinningTests {
    private func block(_ count: Int) throws -> BatchReader.PayloadBlock {
        var builder = BatchBuilder(catalogueVersion: "1")
        for number in 0..<count {
            var call = APICall(
                time: .epoch,
                request: .init(
                    method: "POST", url: "https://a.example/\(number)", headers: [Header("x-a", "\(number)")],
                    body: Body("request \(number)", form: .shape)), source: .json)
            call.request.bodyByteCount = number
            call.response = .init(
                status: 200, headers: [Header("x-b", "\(number)")], body: Body("response \(number)", form: .shape))
            builder.append(call)
        }
        return try BatchReader(builder.sealed()).payloads[0]
    }

    @Test func `what is kept stays whole, of the rest place and size stay`() throws {
        let block = try block(10)
        let thinned = try BatchReader.thinned(block: block.bytes, callCount: 10) { $0 == 3 }
        let before = try BatchReader.payloads(ofBlock: block.bytes, callCount: 10)
        let after = try BatchReader.payloads(ofBlock: thinned, callCount: 10)
        #expect(after[3] == before[3])
        for number in 0..<10 where number != 3 {
            #expect(after[number].request.url == "https://a.example/\(number)")
            #expect(after[number].request.bodyByteCount == number)
            #expect(after[number].request.body == nil && after[number].request.headers.isEmpty)
            #expect(after[number].responseBody == nil && after[number].responseHeaders.isEmpty)
        }
    }

    @Test func `a thinned block is smaller, and a damaged one an error`() throws {
        let block = try block(1_000)
        let thinned = try BatchReader.thinned(block: block.bytes, callCount: 1_000) { _ in false }
        #expect(thinned.count < block.bytes.count / 2)
        #expect(throws: BatchError.self) {
            try BatchReader.thinned(block: Array(block.bytes.dropLast(9)), callCount: 1_000) { _ in true }
        }
    }
}
