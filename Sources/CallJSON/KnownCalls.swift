import CallModel
import Documents

/// The structures of calls that a skimmer has met, and what their scalars are for.
///
/// Learning one costs several times what it saves with a call, so that calls of known structures pay for it: where each call is built
/// differently, learning soon ends. When there is no room for more, and more calls were unknown of late than known, all is forgotten.
///
/// One thread at a time.
final class KnownCalls {
    private static let creditMax = 4_096
    private static let price = 16
    /// Unknown calls after which it is asked whether what is known is still of use.
    private static let unknownMax = 4_096

    /// Of the texts that plans were made of: a plan has its keys, and eight bytes for each of its scalars.
    private static let learnedByteCountMax = 2 << 20

    let structures: KnownStructures
    private(set) var plans: [CallPlan] = []
    private var learnedByteCount = 0
    private var credit = creditMax
    /// Whether there was no room for one of late.
    private var isFull = false
    private var knownCount = 0
    private var unknownCount = 0
    /// Whether the call asked about last is of no known structure, and was not learned since.
    private var isUnknown = false

    init(_ configuration: KnownStructures.Configuration = KnownStructures.Configuration()) {
        structures = KnownStructures(configuration)
    }

    func plan(of text: UnsafeRawBufferPointer, readableAfter: Int) -> CallPlan? {
        guard let number = structures.structure(of: text, readableAfter: readableAfter) else {
            isUnknown = true
            unknownCount += 1
            if unknownCount == Self.unknownMax { review() }
            return nil
        }
        isUnknown = false
        knownCount += 1
        if credit < Self.creditMax { credit += 1 }
        return plans[number]
    }

    /// Whether the call asked about last is unknown, and there is credit for learning it.
    var wantsToLearn: Bool { isUnknown && credit >= Self.price }

    /// - Parameter text: of a call that was asked about last and taken since; any other is not learned.
    func learn(_ text: UnsafeRawBufferPointer, planBody: @escaping CallPlanner.BodyPlanner) {
        guard wantsToLearn else { return }
        isUnknown = false
        guard learnedByteCount + text.count <= Self.learnedByteCountMax else { return isFull = true }
        credit -= Self.price
        var planner = CallPlanner(planBody: planBody)
        do throws(StructureScanner.NotPlain) {
            let hasRoom = try structures.learn(text, as: plans.count) { (scanner) throws(StructureScanner.NotPlain) in
                try planner.call(&scanner)
            }
            guard hasRoom else { return isFull = true }
            plans.append(planner.plan)
            learnedByteCount += text.count
        } catch {
            // It stays unknown, and found that out soon.
            credit += Self.price - 1
        }
    }

    private func review() {
        if isFull, unknownCount > knownCount {
            structures.removeAll()
            plans = []
            learnedByteCount = 0
            isFull = false
        }
        (knownCount, unknownCount) = (0, 0)
    }
}
