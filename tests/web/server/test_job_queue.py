import asyncio
import threading

import pytest

from colorgan.web.server.job_queue import JobQueue, QueueFullError


def test_jobs_run_one_at_a_time_in_order_and_excess_jobs_are_rejected() -> None:
    order, running, max_running = [], 0, 0
    release = threading.Event()

    def job(number: int) -> int:
        nonlocal running, max_running
        running += 1
        max_running = max(max_running, running)
        assert release.wait(10)
        order.append(number)
        running -= 1
        return number * 10

    async def submit() -> list[int | BaseException]:
        queue = JobQueue(max_waiting=2)
        tasks = [asyncio.create_task(queue.run(f"client {number}", job, number)) for number in range(5)]
        await asyncio.sleep(0.05)
        release.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert await queue.run("client", job, 7) == 70  # accepted again
        queue.close()
        return results

    results = asyncio.run(submit())
    assert results[:3] == [0, 10, 20]
    assert [type(result) for result in results[3:]] == [QueueFullError, QueueFullError]
    assert order == [0, 1, 2, 7]
    assert max_running == 1


def test_errors_are_raised_in_the_caller_and_free_the_slot() -> None:
    async def submit() -> None:
        queue = JobQueue(max_waiting=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await queue.run("client", divmod, 1, 0)
        queue.close()

    asyncio.run(submit())


def test_one_client_leaves_places_to_others() -> None:
    release = threading.Event()

    async def submit() -> list[int | BaseException]:
        queue = JobQueue(max_waiting=4)
        clients = ["one"] * 5 + ["two"] * 2
        tasks = [asyncio.create_task(queue.run(name, release.wait, 10)) for name in clients]
        await asyncio.sleep(0.05)
        release.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        queue.close()
        return results

    results = asyncio.run(submit())
    assert [type(result).__name__ for result in results] == ["bool"] * 2 + ["QueueFullError"] * 3 + ["bool"] * 2


def test_patient_client_waits_for_a_place_but_not_for_ever() -> None:
    release = threading.Event()

    async def submit() -> None:
        queue = JobQueue(max_waiting=0)
        first = asyncio.create_task(queue.run("one", release.wait, 10))
        await asyncio.sleep(0.05)
        with pytest.raises(QueueFullError):
            await queue.wait_for_room("two", 0.05)
        patient = asyncio.create_task(queue.wait_for_room("two", 10))
        await asyncio.sleep(0.05)
        with pytest.raises(QueueFullError):  # one such request is enough
            await queue.wait_for_room("two", 10)
        assert not patient.done()
        release.set()
        await asyncio.gather(first, patient)
        assert await queue.run("two", abs, -1) == 1
        queue.close()

    asyncio.run(submit())
