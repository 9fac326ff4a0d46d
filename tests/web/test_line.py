import asyncio
import threading

import pytest

from colorgan.web.server.line import Busy, Line


def test_one_at_a_time_in_order_and_no_more_than_may_wait() -> None:
    order, running, most = [], 0, 0
    go_on = threading.Event()

    def work(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert go_on.wait(10)
        order.append(number)
        running -= 1
        return number * 10

    async def visit() -> list[int | BaseException]:
        line = Line(waiting=2)
        visitors = [asyncio.create_task(line.do(work, number)) for number in range(5)]
        await asyncio.sleep(0.05)
        go_on.set()
        answers = await asyncio.gather(*visitors, return_exceptions=True)
        assert await line.do(work, 7) == 70  # there is room again
        line.close()
        return answers

    answers = asyncio.run(visit())
    assert answers[:3] == [0, 10, 20]
    assert [type(answer) for answer in answers[3:]] == [Busy, Busy]
    assert order == [0, 1, 2, 7]
    assert most == 1


def test_errors_come_back_and_leave_room() -> None:
    async def visit() -> None:
        line = Line(waiting=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await line.do(divmod, 1, 0)
        line.close()

    asyncio.run(visit())
