/** The one thread that runs graphs: whatever a runtime keeps belongs to it. */
package dev.vitexport.app.model

import android.os.Handler
import android.os.Looper
import dev.vitexport.core.Progress
import java.util.concurrent.Executor
import java.util.concurrent.Executors

class ModelThread : Executor {
    private val executor = Executors.newSingleThreadExecutor { Thread(it, "model") }
    private val main = Handler(Looper.getMainLooper())

    @Volatile
    private var stopped = false

    override fun execute(work: Runnable) = executor.execute(work)

    /** [work] there; what came of it on the main thread. */
    fun <T> ask(work: () -> T, answered: (Result<T>) -> Unit) = execute {
        val result = runCatching(work)
        main.post { answered(result) }
    }

    /** [work] that takes long: [said] hears on the main thread how far it is, and [stop] ends it before its end. */
    fun <T> askLong(work: (Progress) -> T, said: (Double, String) -> Unit, answered: (Result<T>) -> Unit) {
        stopped = false
        val progress: Progress = { share, what ->
            main.post { said(share, what) }
            !stopped
        }
        ask({ work(progress) }, answered)
    }

    /** The long work that runs answers soon with what it has. */
    fun stop() {
        stopped = true
    }
}
