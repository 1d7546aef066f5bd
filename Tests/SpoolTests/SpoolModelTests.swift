import CallModel
import SimulationKit
import Spool
import Testing

/// The spool against its model, on a disk that fails in every way there is.
struct SpoolModelTests {
    @Test(arguments: 1...150 as ClosedRange<UInt64>)
    func `nothing is lost and nothing comes twice, whatever ends the process`(seed: UInt64) {
        let model = SpoolModel(seed: seed)
        model.open()
        for _ in 0..<12 {
            let fate = Int.random(in: 0..<4, using: &model.random)
            if fate > 0 {
                model.disk.faults[model.disk.operationCount + Int.random(in: 1...120, using: &model.random)] = .kill
            }
            for _ in 0..<60 where !model.disk.hasEnded { model.step() }
            model.end(losingPower: fate > 1)
            if fate == 3 { model.open(with: .kill, atOperation: Int.random(in: 1...12, using: &model.random)) }
        }
        model.settle()
        #expect(model.openings > 10)
        #expect(model.powerLosses > 0)
    }

    @Test(arguments: 1...150 as ClosedRange<UInt64>)
    func `a disk that refuses now and then costs nothing but time`(seed: UInt64) {
        let model = SpoolModel(seed: seed)
        model.open()
        for _ in 0..<10 {
            for _ in 0..<Int.random(in: 0...6, using: &model.random) {
                let n = model.disk.operationCount + Int.random(in: 1...100, using: &model.random)
                model.disk.faults[n] = .error([5, 28, 30].randomElement(using: &model.random)!)
            }
            model.disk.isFull = Int.random(in: 0..<4, using: &model.random) == 0
            for _ in 0..<30 { model.step() }
            model.disk.isFull = false
            for _ in 0..<10 { model.step() }
            if Int.random(in: 0..<4, using: &model.random) == 0 {
                model.end(losingPower: Bool.random(using: &model.random))
            }
        }
        model.settle()
    }

    /// A fixed run in which the n-th operation fails, for each n.
    @Test(arguments: [5, 28] as [Int32])
    func `the n-th operation may fail, for each n`(number: Int32) {
        let operationCount = run(seed: 7) { _ in }
        #expect(operationCount > 100)
        for n in 1...operationCount {
            run(seed: 7) { $0.faults[n] = .error(number) }
        }
    }

    @Test(arguments: [false, true])
    func `the process may end in the n-th operation, for each n`(losingPower: Bool) {
        let operationCount = run(seed: 8) { _ in }
        for n in 1...operationCount {
            run(seed: 8, losingPower: losingPower) { $0.faults[n] = .kill }
        }
    }

    @discardableResult
    private func run(seed: UInt64, losingPower: Bool = false, _ prepare: (SimulatedDisk) -> Void) -> Int {
        let model = SpoolModel(seed: seed)
        model.open()
        prepare(model.disk)
        for _ in 0..<100 {
            model.step()
            if model.disk.hasEnded { model.end(losingPower: losingPower) }
        }
        let operationCount = model.disk.operationCount
        model.settle()
        return operationCount
    }
}
