package dev.vitexport.core

import kotlin.system.exitProcess
import org.junit.runner.Description
import org.junit.runner.JUnitCore
import org.junit.runner.notification.Failure
import org.junit.runner.notification.RunListener

/** Writes a line for each test: how it ended, and its name; of one that did not pass the next lines say why. */
private object TestReport : RunListener() {
    private var ended: Pair<String, String>? = null

    override fun testStarted(test: Description) {
        ended = null
    }

    override fun testAssumptionFailure(failure: Failure) {
        ended = "skipped" to failure.message.orEmpty()
    }

    override fun testFailure(failure: Failure) {
        ended = "failed" to failure.trace
        if (failure.description.isSuite) testFinished(failure.description)
    }

    override fun testFinished(test: Description) {
        val (how, why) = ended ?: ("passed" to "")
        println("$how\t${test.methodName ?: test.className}")
        if (why.isNotEmpty()) println(why.prependIndent())
    }
}

/** Runs the tests of these classes; the exit code says whether all that ran passed. */
fun main(classes: Array<String>) {
    val junit = JUnitCore().apply { addListener(TestReport) }
    val result = junit.run(*classes.map { Class.forName(it) }.toTypedArray())
    exitProcess(if (result.wasSuccessful()) 0 else 1)
}
