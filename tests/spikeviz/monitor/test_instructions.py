"""What notebook 12 tells a reader to do with TrainingMonitor, done with a mouse."""

NOTEBOOK = "12_imagenet"


def test_the_guess_of_the_accuracy_and_the_chapter_where_it_overtakes(opened, told):
    told(NOTEBOOK, "draw your guess of the accuracy into the empty plot and press Done")
    told(NOTEBOOK, "Go to the chapter in which the spiking one overtakes")
    page = opened()
    canvas = page.locator("canvas[aria-label^='Your guess of the accuracy']")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 40, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="spiking Micro overtakes").click()
    page.locator(".sv-clock", has_text="step 240 of 480").wait_for()


def test_a_run_that_is_over_goes_by_again(opened, told, monitor_of, log_of):
    told(NOTEBOOK, "press Play: your run goes by again")
    page = opened(monitor_of(mine=log_of([1 / i for i in range(1, 20)])))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.sv-clock').textContent < 'step 40'")
    page.wait_for_function("document.querySelector('.sv-clock').textContent > 'step 40'")
