import SwiftUI

@main
struct VitexportApp: App {
    @State private var workbench = Workbench()

    var body: some Scene {
        WindowGroup {
            RootView(workbench: workbench)
        }
    }
}
