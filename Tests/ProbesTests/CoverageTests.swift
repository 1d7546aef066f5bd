import Probes
import Testing

struct CoverageTests {
    private func record(
        _ kind: UInt16, process: UInt32 = 9, toPeer: Bool = false, offset: UInt64 = 0, value: UInt32 = 0
    )
        -> ProbeRecord
    {
        var builder = RecordBuilder(kind)
        builder.processID = process
        builder.isToPeer = toPeer
        builder.offset = offset
        builder.value = value
        return ProbeRecord(builder.bytes.span)!
    }

    @Test func `a process that connects to TLS ports and is not read is blind, with its reason`() {
        var coverage = Coverage(processCountMax: 10)
        coverage.looked(at: 9, command: "app", readBy: [], blindness: .go)
        #expect(coverage.blindProcesses.isEmpty, "it has not spoken yet")
        coverage.recordArrived(record(7), remotePort: 443)
        #expect(coverage.blindProcesses.map(\.id) == [9])
        #expect(coverage.readShare == 0)
        #expect(coverage.processes[9]?.line.contains("not read: Go has its own TLS") == true)
    }

    @Test func `a session counts once, by the first byte received`() {
        var coverage = Coverage(processCountMax: 10)
        coverage.looked(at: 9, command: "curl", readBy: ["OpenSSL /lib/libssl.so.3"], blindness: .refused)
        coverage.recordArrived(record(7), remotePort: 443)
        coverage.recordArrived(record(1, toPeer: true), remotePort: nil)
        coverage.recordArrived(record(1), remotePort: nil)
        coverage.recordArrived(record(1, offset: 100), remotePort: nil)
        #expect(coverage.sessions == 1 && coverage.readShare == 1)
        #expect(coverage.processes[9]?.blindness == nil, "what is read by one library is not blind")
    }

    @Test func `failed connects, QUIC and the end of a process are kept account of`() {
        var coverage = Coverage(processCountMax: 10)
        coverage.recordArrived(record(7, value: 111), remotePort: 443)
        coverage.recordArrived(record(11), remotePort: nil)
        #expect(coverage.processes[9]?.failedConnects == 1 && coverage.processes[9]?.tlsConnects == 0)
        #expect(coverage.processes[9]?.speaksQUIC == true && coverage.processes[9]?.command == "curl")
        coverage.recordArrived(record(10), remotePort: nil)
        #expect(coverage.processes.isEmpty)
    }

    @Test func `processes are bounded, and those left out counted`() {
        var coverage = Coverage(processCountMax: 2)
        for process in 1...5 { coverage.recordArrived(record(7, process: UInt32(process)), remotePort: 443) }
        #expect(coverage.processes.count == 2 && coverage.processesForgotten == 3 && coverage.tlsConnects == 5)
    }
}
