/// Stands in for swift-nio-ssl, of which the code under test names one error: building all of BoringSSL with the fuzzer's
/// instrumentation would take longer than the fuzzing.
public enum NIOSSLError: Error {
    case uncleanShutdown
}
