import AgentApp
import ArgumentParser

@main
struct Main {
    static func main() async {
        PrivilegedProcess.runIfWanted()
        await AgentCommand.main()
    }
}
