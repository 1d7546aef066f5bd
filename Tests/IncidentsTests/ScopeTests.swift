import CallModel
import Detection
import Rollups
import Testing

@testable import Incidents

struct ScopeTests {
    private func cell(partner: NameID, network: NameID = 0) -> CallCell {
        var cell = CallCell(time: .epoch, partner: partner, route: 1, region: 1)
        cell.network = network
        return cell
    }

    @Test func `a network holds the calls that tell it, and of the others those of its partners`() {
        var scope = Scope()
        scope.network = 7
        let networks: [NameID] = [0, 7, 8]
        #expect(scope.holds(cell(partner: 2, network: 7), networks))
        #expect(!scope.holds(cell(partner: 1, network: 8), networks))
        #expect(scope.holds(cell(partner: 1), networks))
        #expect(!scope.holds(cell(partner: 2), networks))
    }

    @Test func `the first call of a partner never heard of lies in no network`() {
        var scope = Scope()
        scope.network = 7
        #expect(!scope.holds(cell(partner: 99), [0, 7]))
    }

    @Test func `a scope without a network asks for none`() {
        #expect(Scope().holds(cell(partner: 99), []))
        #expect(Scope().holds(cell(partner: 1, network: 7), [0, 7]))
    }
}
