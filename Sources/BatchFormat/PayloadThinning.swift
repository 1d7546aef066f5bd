import CallModel

extension BatchReader {
    /// A stored payload block without the headers and bodies of some of its calls: what is left is what and where they called,
    /// and how large the bodies were. For a database that reaches its bound.
    ///
    /// - Parameter keepsWhole: whether the call at this place keeps everything.
    public static func thinned(
        block bytes: [UInt8], callCount: Int, keepsWhole: (Int) -> Bool
    ) throws(BatchError) -> [UInt8] {
        var writer = PayloadWriter()
        for (index, payload) in try payloads(ofBlock: bytes, callCount: callCount).enumerated() {
            var call = APICall(time: .epoch, request: payload.request, source: .json)
            call.attach(payload, status: 0)
            if !keepsWhole(index) {
                call.request.headers = []
                call.request.body = nil
                call.response?.headers = []
                call.response?.body = nil
            }
            writer.append(call)
        }
        return packed(writer.finish(), level: 3)
    }
}
