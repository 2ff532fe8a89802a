"""Which devices and models there are."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

import device_profiles
from latency_db.registered import RegisteredModel, shipped_index
from latency_db.service.answers.parts import Asked, sent
from latency_db.service.documents import DeviceDocument, Devices, ModelDocument, Models

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.get("/devices", response_model=Devices, summary="Devices that can be estimated, or were measured")
async def devices(of: Asked) -> Response:
    measured = set(await of.short(of.store.device_ids))
    found = [
        DeviceDocument(
            id=one.id, name=one.name, platform=one.platform, soc=one.soc, year=one.year, profile=True,
            formats=one.prefer.formats, measured=one.id in measured,
        ) for one in device_profiles.all_devices()
    ]  # fmt: skip
    others = sorted(measured - {one.id for one in found})
    found += [
        DeviceDocument(
            id=id, name=id, platform=None, soc=None, year=None, profile=False, formats=(), measured=True
        ) for id in others
    ]  # fmt: skip
    return sent(Devices(devices=tuple(found)))


@router.get("/models", response_model=Models, summary="Models that can be estimated, or were measured")
async def models(of: Asked) -> Response:
    index, measured = shipped_index(), set(await of.short(of.store.model_names))
    registered = dict.fromkeys(name for name, _ in index.models)
    found = [_of_index(index.models[name, index.sizes(name)[0]], name in measured) for name in registered]
    found += [
        ModelDocument(
            id=name, family=None, task=None, sizes=(), usual_size=None, params_m=None, top1=None, registered=False,
            measured=True,
        ) for name in sorted(measured - set(registered))
    ]  # fmt: skip
    return sent(Models(models=tuple(found)))


def _of_index(one: RegisteredModel, measured: bool) -> ModelDocument:
    return ModelDocument(
        id=one.name,
        family=one.family,
        task="classify" if one.frame == ("classify",) else "track",
        sizes=shipped_index().sizes(one.name),
        usual_size=one.usual_size,
        params_m=one.params_m,
        top1=one.top1,
        registered=True,
        measured=measured,
    )
