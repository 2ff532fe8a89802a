package dev.vitexport.core.runners

/** A tensor as a runtime finds it in a file. `dtype` is the runtime's word for it: "float32". */
data class FoundTensor(val spec: TensorSpec, val dtype: String)

/**
 * Whether a file's inputs, or outputs, are those that its manifest lists: a graph with others would compute nonsense.
 * `what` is "input" or "output". Throws [RunnerException] unless both have the same names, each with the same shape and
 * in float32; order is free.
 */
fun checkSignature(what: String, found: List<FoundTensor>, listed: List<TensorSpec>) {
    val inFile = found.associateBy { it.spec.name }
    for ((name, shape) in listed) {
        val tensor = inFile[name] ?: throw refusal("has no $what $name, which its manifest lists")
        if (tensor.dtype != "float32") {
            throw refusal("has $what $name in ${tensor.dtype}, and apps give and take float32")
        }
        if (tensor.spec.shape != shape) {
            throw refusal("has $what $name ${tensor.spec.shape}, and its manifest says $shape")
        }
    }
    (inFile.keys - listed.map { it.name }.toSet()).firstOrNull()?.let {
        throw refusal("has an $what $it, which its manifest does not list")
    }
}

private fun refusal(what: String) = RunnerException("The graph's file $what: export the model again.")
