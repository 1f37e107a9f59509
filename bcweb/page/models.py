"""/bc/models: the weights in use, described, and exchanged by whoever may."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bcweb import hub
from bcweb.page.about import About
from bcweb.page.answers import answer, fields, owner_of, private
from bcweb.page.named import weights_named
from bcweb.page.revisions import Tags, revisions
from bcweb.page.segmenters import Busy, Segmenters
from bcweb.page.settings import Settings
from bcweb.scans import MODALITIES, Modality
from bcweb.weights import WeightsError

R = TypeVar("R")


class Models:
    """The routes. Weights are loaded in threads of their own, so that no scan waits for them."""

    def __init__(self, settings: Settings, segmenters: Segmenters):
        self.settings, self.segmenters = settings, segmenters
        self._tags = Tags()
        self._about: dict[Modality, About] = {}

    def routes(self) -> list[Route]:
        one = "/models/{modality}"
        return [
            Route("/models", self.all),
            Route(one, self.one, methods=["GET"]),
            Route(one, self.switch, methods=["PUT"]),
            Route(one + "/scores", self.scores),
            Route(one + "/revisions", self.revisions),
            Route(one + "/pictures/{path:path}", self.picture),
        ]

    async def all(self, request: Request) -> Response:
        """{"may_switch", "why", "models": facts by modality}; of weights that cannot be had, {"problem"}."""
        owner_of(request)
        models = {modality: await _in_thread(self._facts, modality) for modality in MODALITIES}
        may = self.settings.local
        return answer({"may_switch": may, "why": None if may else self._why(), "models": models})

    async def one(self, request: Request) -> Response:
        return answer(await _in_thread(self._described, _modality(request)))

    async def scores(self, request: Request) -> Response:
        about = await self._of(request)
        return answer(await _in_thread(lambda: about.scores))

    async def switch(self, request: Request) -> Response:
        """{"name"}: use these weights from now on. Only where nobody but this machine's user can ask."""
        modality = _modality(request)
        if not self.settings.local:
            raise HTTPException(403, self._why())
        name = await weights_named((await fields(request)).get("name"))
        try:
            await _in_thread(self.segmenters.switch, modality, name)
        except Busy as error:
            raise HTTPException(409, str(error)) from None
        except WeightsError as error:
            raise HTTPException(400, str(error)) from None
        return answer(await _in_thread(self._described, modality))

    async def revisions(self, request: Request) -> Response:
        """The tags of the repository in use. Embedded weights and folders ask nobody."""
        about = await self._of(request)
        if about.repo is None or not self.settings.local:
            return answer({"revisions": [], "problem": None})
        try:
            tags = await self._tags.of(about.repo)
        except hub.HubError as error:
            return answer({"revisions": [], "problem": str(error)})
        found = revisions(tags, about.commit, about.asked_revision)
        return answer({"revisions": [dataclasses.asdict(one) for one in found], "problem": None})

    async def picture(self, request: Request) -> Response:
        """?of=REVISION: of these weights alone, and none of those that are in use since."""
        about = await self._of(request)
        of = request.query_params.get("of", about.weights.revision)
        is_of = of == about.weights.revision
        found = await _in_thread(about.picture, request.path_params["path"]) if is_of else None
        if found is None:
            raise HTTPException(404, "There is no such picture.")
        response = private(Response(found[0], media_type=found[1]))
        response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return response

    # --- inside

    async def _of(self, request: Request) -> About:
        modality = _modality(request)
        try:
            return await _in_thread(self._about_now, modality)
        except WeightsError as error:
            raise HTTPException(404, str(error)) from None

    def _about_now(self, modality: Modality) -> About:
        in_use = self.segmenters.in_use(modality)
        about = self._about.get(modality)
        if about is None or about.in_use is not in_use:
            about = self._about[modality] = About(in_use)
        return about

    def _facts(self, modality: Modality) -> dict[str, Any]:
        try:
            about = self._about_now(modality)
        except WeightsError as error:
            return {"modality": modality, "problem": str(error)}
        started = self.segmenters.weights[modality]
        return about.facts(self.settings.local) | {
            "problem": None,
            "started_with": started == about.in_use.name,
        }

    def _described(self, modality: Modality) -> dict[str, Any]:
        facts = self._facts(modality)
        names = self.segmenters.names(modality) if self.settings.local else []
        if facts["problem"]:
            return facts | {"card": None, "study": None, "names": names}
        about = self._about_now(modality)
        return facts | {"card": about.card, "study": about.study, "names": names}

    def _why(self) -> str:
        """Why nobody can switch here, and who can."""
        variables = " or ".join(f"BCWEB_WEIGHTS_{modality.upper()}" for modality in MODALITIES)
        if self.settings.on_space:
            return (
                f"On this Space only its owner chooses the weights, by its variables {variables}; "
                "a visitor would change them for all others."
            )
        return f"Other machines can reach this page, so only whoever starts it chooses the weights, by {variables}."


def _modality(request: Request) -> Modality:
    owner_of(request)
    modality = request.path_params["modality"]
    if modality not in MODALITIES:
        raise HTTPException(404, f"A modality is {' or '.join(MODALITIES)}.")
    return modality


async def _in_thread(work: Callable[..., R], *arguments: Any) -> R:
    return await anyio.to_thread.run_sync(work, *arguments)
