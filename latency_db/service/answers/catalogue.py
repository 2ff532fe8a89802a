"""Which devices and models there are."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter
from starlette.responses import Response

import device_profiles
from latency_db.registered import shipped_index
from latency_db.service.answers.parts import Asked, sent
from latency_db.service.documents import DeviceDocument, Devices, ModelDocument, Models

router = APIRouter(prefix="/v1", tags=["catalogue"])


@router.get("/devices", response_model=Devices, summary="Devices that can be estimated, or were measured")
async def devices(of: Asked) -> Response:
    measured = set(await of.soon(of.looking, lambda service: service.store.device_ids()))
    profiles = [one.id for one in device_profiles.all_devices()]
    found = [_of_profile(id, id in measured) for id in profiles]
    others = sorted(measured - set(profiles))
    found += [
        DeviceDocument(
            id=id, name=id, platform=None, soc=None, year=None, profile=False, formats=(), measured=True
        ) for id in others
    ]  # fmt: skip
    return sent(Devices(devices=tuple(found)))


@router.get("/models", response_model=Models, summary="Models that can be estimated, or were measured")
async def models(of: Asked) -> Response:
    index, measured = shipped_index(), set(await of.soon(of.looking, lambda service: service.store.model_names()))
    registered = dict.fromkeys(name for name, _ in index.models)
    found = [_of_index(name, name in measured) for name in registered]
    found += [
        ModelDocument(
            id=name, family=None, task=None, sizes=(), usual_size=None, params_m=None, top1=None, registered=False,
            measured=True,
        ) for name in sorted(measured - set(registered))
    ]  # fmt: skip
    return sent(Models(models=tuple(found)))


@cache
def _of_profile(id: str, measured: bool) -> DeviceDocument:
    one = device_profiles.load(id)
    return DeviceDocument(
        id=id, name=one.name, platform=one.platform, soc=one.soc, year=one.year, profile=True,
        formats=one.prefer.formats, measured=measured,
    )  # fmt: skip


@cache
def _of_index(name: str, measured: bool) -> ModelDocument:
    index = shipped_index()
    sizes = index.sizes(name)
    one = index.models[name, sizes[0]]
    return ModelDocument(
        id=one.name,
        family=one.family,
        task="classify" if one.frame == ("classify",) else "track",
        sizes=sizes,
        usual_size=one.usual_size,
        params_m=one.params_m,
        top1=one.top1,
        registered=True,
        measured=measured,
    )
