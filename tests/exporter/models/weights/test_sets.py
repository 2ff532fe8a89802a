"""Where in a checkpoint a model's weights are: behind prefixes, inside wrappers, beside others that fit as well."""

import time
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from exporter.errors import WeightsError
from exporter.models.registry import create_model
from exporter.models.weights.loading import load_weights
from tests.exporter.models.weights.states import holds, save
from tests.models import reduced


def behind(prefix, state):
    return {f"{prefix}{key}": value for key, value in state.items()}


@pytest.mark.parametrize(
    "prefix",
    ["module.", "model.", "net.", "_orig_mod.", "_orig_mod.module.", "module._orig_mod.", "module.module.",
     "model.model.", "model.module.", "backbone.net.", "student.model._orig_mod.", "a.b.c.d.e.f."],
)  # fmt: skip
def test_a_prefix_of_all_names_is_removed(model, trained, prefix):
    load_weights(model, behind(prefix, trained))
    assert holds(model, trained)


@pytest.mark.parametrize(
    "wrapper", ["_orig_mod", "module", "model", "net", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]
)
def test_what_wraps_a_part_of_the_model_is_removed(model, trained, wrapper):
    load_weights(model, {key.replace("stages.1.", f"stages.1.{wrapper}."): value for key, value in trained.items()})
    assert holds(model, trained)


@pytest.mark.parametrize("wrapper", ["module", "model"])
def test_names_of_which_only_some_are_wrapped_are_those_of_one_model(model, trained, wrapper):
    mixed = {f"{wrapper}.{key}" if key.startswith("stages.") else key: value for key, value in trained.items()}
    load_weights(model, mixed)
    assert holds(model, trained)


@pytest.mark.parametrize(
    "name", ["state_dict", "model", "model_state_dict", "net", "params", "module", "weights", "anything"]
)
def test_a_state_dict_is_found_inside_what_a_training_script_saved(model, trained, tmp_path, name):
    content = {name: trained, "epoch": 299, "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}, "lr": 1e-3}}
    assert load_weights(model, save(content, tmp_path / "checkpoint.pth")).key == name
    assert holds(model, trained)


def test_a_checkpoint_of_lightning_is_loaded(model, trained, tmp_path):
    content = {
        "epoch": 1,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": behind("model.", trained) | {"loss.weight": torch.ones(3)},
        "callbacks": {"ModelCheckpoint": {"best_model_score": torch.tensor(0.7)}},
        "optimizer_states": [{"state": {}}],
        "hyper_parameters": {"lr": 0.1},
    }
    fitted = load_weights(model, save(content, tmp_path / "epoch=1.ckpt"))
    assert holds(model, trained)
    assert fitted.key == "state_dict.model"
    assert fitted.notes == (
        "Beside the weights, 'state_dict.model', entries that the model does not need were left: 1.",
    )


def test_an_averaged_model_of_pytorch_is_loaded(model, trained):
    averaged = AveragedModel(nn.ModuleDict({"x": nn.Linear(1, 1)}))
    bookkeeping = {key: value for key, value in averaged.state_dict().items() if key == "n_averaged"}
    assert bookkeeping
    load_weights(model, {"model_state_dict": bookkeeping | behind("module.", trained)})
    assert holds(model, trained)


def test_the_count_of_batches_is_for_training_and_may_be_missing(model, trained):
    before = {key: value.clone() for key, value in model.state_dict().items() if key.endswith("num_batches_tracked")}
    load_weights(model, {key: value for key, value in trained.items() if key not in before})
    assert holds(model, trained | before)


# Two sets


@pytest.fixture
def ema(trained):
    return {key: value + 1 for key, value in trained.items()}


@pytest.mark.parametrize(
    ("name", "averaged"),
    [
        ("model", "modelEMA"),
        ("model", "model_avg"),
        ("state_dict", "state_dict_ema"),
        ("model", "model_ema"),
        ("model", "ema"),
        ("net", "ema_model"),
        ("params", "params_ema"),
        ("model", "swa"),
    ],
)
def test_of_two_sets_the_averaged_one_is_taken_and_that_is_said(model, trained, ema, name, averaged):
    fitted = load_weights(model, {name: trained, averaged: behind("module.", ema)})
    assert holds(model, ema)
    assert fitted.key == averaged
    assert fitted.notes == (f"The averaged weights, {averaged!r}, were taken; --weights-key {name} takes the others.",)


@pytest.mark.parametrize("name", ["state_dict", "state_dict_ema"])
def test_a_name_chooses_among_them(model, trained, ema, name):
    fitted = load_weights(model, {"state_dict": trained, "state_dict_ema": ema}, name)
    assert holds(model, {"state_dict": trained, "state_dict_ema": ema}[name])
    assert fitted.key == name
    assert fitted.notes == ()


def test_two_sets_in_one_mapping_are_told_apart_by_their_prefix(model, trained, ema):
    both = behind("model.", trained) | behind("model_ema.", ema)
    assert load_weights(model, {"state_dict": both}).key == "state_dict.model_ema"
    assert holds(model, ema)
    load_weights(model, {"state_dict": both}, "state_dict.model")
    assert holds(model, trained)


def test_a_part_of_a_name_chooses_what_is_in_it(model, trained):
    load_weights(model, {"state_dict": behind("model.", trained) | {"loss": torch.ones(1)}}, "state_dict")
    assert holds(model, trained)


def test_two_sets_of_which_none_is_an_average_are_a_question(model, trained, ema):
    with pytest.raises(
        WeightsError, match="holds 2 sets of weights that fit: pass --weights-key with 'student' or 'teacher'"
    ):
        load_weights(model, {"student": trained, "teacher": ema})


def test_averages_of_the_parameters_alone_are_taken_with_the_statistics_of_the_model(model, trained, ema):
    statistics = {
        key for key in ema if key.rpartition(".")[2] in ("running_mean", "running_var", "num_batches_tracked")
    }
    shadow = {key: value for key, value in ema.items() if key not in statistics}
    fitted = load_weights(model, {"model": trained, "ema": {"decay": 0.99, "shadow": shadow}})
    assert holds(model, trained | shadow)
    assert fitted.key == "ema.shadow"
    assert fitted.notes == (
        "The averaged weights, 'ema.shadow' with the running statistics of 'model', were taken; "
        "--weights-key model takes the others.",
    )
    load_weights(model, {"model": trained, "ema": {"shadow": shadow}}, "ema.shadow")
    assert holds(model, trained | shadow)


def test_averages_that_do_not_fit_as_well_are_left_and_that_is_said(model, trained, ema):
    del ema["stem.bn.bias"]
    fitted = load_weights(model, {"state_dict": trained, "state_dict_ema": ema})
    assert holds(model, trained)
    assert fitted.notes == ("The averaged weights in 'state_dict_ema' do not fit as well, and were left.",)


def test_averages_without_names_are_left_and_that_is_said(model, trained):
    fitted = load_weights(model, {"model": trained, "ema": {"shadow_params": list(trained.values())}})
    assert fitted.notes == ("The averaged weights in 'ema.shadow_params' do not fit as well, and were left.",)


def test_averages_with_other_classes_than_the_model_s_are_preferred_all_the_same(model, trained, ema):
    ema |= {"head.fc.weight": torch.zeros(5, 64), "head.fc.bias": torch.zeros(5)}
    with pytest.raises(WeightsError, match="it has 5 classes and the model 16"):
        load_weights(model, {"state_dict": trained, "state_dict_ema": ema})


def test_an_optimizer_s_moments_are_no_weights(model, trained, ema):
    load_weights(model, {"model": trained, "optimizer": {"exp_avg": ema, "exp_avg_sq": ema}})
    assert holds(model, trained)


def test_models_in_a_list_are_told_by_their_place(model, trained, ema):
    with pytest.raises(WeightsError, match=r"--weights-key with 'models\.0' or 'models\.1'"):
        load_weights(model, {"models": [trained, ema]})
    load_weights(model, {"models": [trained, ema]}, "models.1")
    assert holds(model, ema)


def test_what_counts_operations_leaves_no_weights(model, trained):
    counted = trained | {
        "total_ops": torch.zeros(1),
        "stem.total_ops": torch.zeros(1),
        "stem.total_params": torch.zeros(1),
    }
    load_weights(model, counted)
    assert holds(model, trained)


def test_of_weights_without_a_name_none_can_be_named(model, trained):
    with pytest.raises(
        WeightsError, match="holds weights and nothing else, so there are none called 'ema': leave it out"
    ):
        load_weights(model, trained, "ema")


def test_spoiled_averages_name_what_may_be_taken_instead(model, trained, ema):
    ema["stem.bn.bias"][0] = float("nan")
    with pytest.raises(WeightsError, match=r"\(state_dict_ema\) is spoiled.*diverged, or --weights-key state_dict\."):
        load_weights(model, {"state_dict": trained, "state_dict_ema": ema})


def test_a_student_and_a_teacher_in_one_mapping_are_a_question(model, trained, ema):
    with pytest.raises(WeightsError, match=r"--weights-key with 'state_dict\.student' or 'state_dict\.teacher'"):
        load_weights(model, {"state_dict": behind("student.", trained) | behind("teacher.", ema)})


def test_the_same_weights_twice_are_no_question(model, trained):
    load_weights(model, {"last": trained, "best": {key: value.clone() for key, value in trained.items()}})
    assert holds(model, trained)


def test_a_name_that_is_not_there_lists_those_that_are(model, trained):
    with pytest.raises(WeightsError, match="has no weights called 'ema': pass --weights-key with 'model'"):
        load_weights(model, {"model": trained}, "ema")


def test_the_weights_of_another_model_beside_them_are_passed_over(model, trained):
    teacher = {key: value + 7 for key, value in reduced("efficientformer").state_dict().items()}
    load_weights(model, {"teacher": teacher, "student": trained})
    assert holds(model, trained)


@pytest.mark.parametrize("content", [{}, {"epoch": 3}, {"model": {"epoch": 3}}, {"args": SimpleNamespace(lr=1)}])
def test_a_checkpoint_without_tensors_says_what_was_expected(model, content):
    with pytest.raises(WeightsError, match="holds no weights: expected names mapped to tensors"):
        load_weights(model, content)


def test_a_mapping_that_holds_itself_ends(model, trained):
    content = {"model": trained}
    content["again"] = content
    load_weights(model, content)
    assert holds(model, trained)


# Very many names


@pytest.mark.parametrize(
    ("names", "size"),
    [
        ([f"stages.{number % 50}.blocks.{number}.weight" for number in range(100_000)], 1),
        ([f"a.b.c.d.e.f.g.h.i.j.k.l.{number}.weight" for number in range(3000)], 500),
    ],
    ids=["a hundred thousand", "as many as are looked at, deep"],
)
def test_names_that_fit_nothing_take_a_moment(names, size):
    model = create_model("mobilevit_xxs")
    begin = time.process_time()
    with pytest.raises(WeightsError, match="does not fit MobileViT"):
        load_weights(model, dict.fromkeys(names, torch.zeros(size)))
    assert time.process_time() - begin < 8
