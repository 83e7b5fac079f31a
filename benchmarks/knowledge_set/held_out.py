"""Documents and questions that no threshold and no prompt was chosen with."""

from __future__ import annotations

from benchmarks.knowledge_set.documents import DocumentQuestion, KnowledgeSet, Paper

_LOAN = Paper(
    "loan agreement.pdf",
    (
        "Loan agreement between the Riverside Savings Bank and Mara Quist. The bank pays out 24,000 euros for the "
        "purchase of a used van. The interest is 4.2 percent a year and stays the same until the end. "
        "The loan is paid out on the third of June.",
        "Repayment. The borrower repays the loan in 60 instalments of 445 euros, each on the last day of the month. "
        "The first instalment is due at the end of July. An instalment that is more than ten days late costs 25 euros.",
        "Early repayment. The borrower may repay the whole loan at any time. The bank then charges one percent of the "
        "remaining sum. Security. The van belongs to the bank until the last instalment has been paid; the papers are "
        "kept in the branch at Elm Square. The borrower must insure the van against theft.",
    ),
)
_HEATING = Paper(
    "heating handbook.docx",
    (
        "Controls|The round knob in the middle sets the temperature of the water. Turn the left knob to the snowflake "
        "when you go on holiday: it is then kept at seven degrees.",
        "Pressure|The pressure should be between 1.2 and 1.8 bar. When it falls below 1 bar, refill water with the "
        "black hose until the needle is in the green field. Close both taps afterwards.",
        "Faults|A red lamp that blinks twice means that the flame has gone out: press the button with the arrow for "
        "five seconds. Blinking four times means that the chimney is blocked; switch the boiler off and call a "
        "chimney sweep.",
        "Servicing|The burner is serviced every twelve months by a trained engineer. The last page has room for his "
        "stamp. A filter costs about 18 euros.",
    ),
)
_SYLLABUS = Paper(
    "course description.html",
    (
        "Introduction to Botany|The course is held by Dr Ines Moreau on Tuesdays from ten to twelve in room 214. It "
        "begins on the ninth of October and has twelve meetings.",
        "Requirements|Students bring a hand lens and an unlined notebook. No earlier course is required. At most "
        "twenty-four students can take part.",
        "Examination|The written examination takes ninety minutes and counts for seventy percent of the mark. The "
        "herbarium of forty plants counts for the rest. It can be repeated once, in April.",
        "Excursions|There are two excursions: to the moor of Tannsee in October and to the botanical garden in "
        "November. The bus costs eleven euros.",
    ),
)
_NOVEL = Paper(
    "the clockmaker.epub",
    (
        "The Shop|Elias Tarn had mended clocks in the town of Velden for forty years. His shop stood between the "
        "pharmacy and the old well, and its door was green. He slept badly and drank his tea without sugar.",
        "The Visitor|One evening in November a woman with a silver umbrella came in. She was called Iris Halden, and "
        "she put a watch on the counter that ran backwards. She would come back for it in a week.",
        "The Watch|Inside the lid Elias found a name that was scratched into the gold: Jonas. He had had a brother of "
        "that name, who went to sea at sixteen and was never seen again.",
    ),
)
_ORDERS = Paper(
    "orders spring.csv",
    (
        "order,customer,article,quantity,total,delivery",
        "4011,Nordkap Ltd,oak table,2,860.00,14 March",
        "4012,Fischer & Sons,folding chair,40,1180.00,2 April",
        "4013,Hotel Aurora,mattress,25,7250.00,28 March",
        "4014,Nordkap Ltd,desk lamp,12,420.00,19 March",
        "4015,Bakery Lund,steel shelf,3,267.00,5 April",
        "4016,Hotel Aurora,curtain blue,60,1740.00,11 April",
    ),
)
_NOTES = Paper(
    "travel notes.txt",
    (
        "Night train to Lisbon, wagon 31, bunks 55 and 56. It leaves Irun at 18:50 and arrives at 7:20. Breakfast is "
        "included. The booking code is QX7LMD.",
        "The pension is called Casa Amarela and is in Rua do Sol, number 18. The key lies in a box beside the door, "
        "code 2604. The landlord is Senhor Duarte. Breakfast until half past nine.",
        "On Wednesday the castle is closed. The tram 28 is full after ten, so take it early. A day ticket costs 6.80.",
    ),
)
_REPORT = Paper(
    "doctor's report.pdf",
    (
        "Report about Mr Henrik Aal, born 11 May 1961. He was examined on 20 August because of pain in the left "
        "shoulder. The X-ray shows calcium near the tendon. Blood pressure 135 over 85. He should take 400 milligrams "
        "of ibuprofen twice a day for one week and do the exercises of the enclosed sheet. Sport with raised arms "
        "should be avoided for six weeks. The next appointment is on 3 September at 10.15. Dr Livia Sommer.",
    ),
    scanned=True,
)

SET = KnowledgeSet(
    papers=(_LOAN, _HEATING, _SYLLABUS, _NOVEL, _ORDERS, _NOTES, _REPORT),
    asked=(
        DocumentQuestion("How much money does the bank pay out?", ("24,000", "24000"), "loan agreement", "page 1"),
        DocumentQuestion("What is the interest rate of the loan?", ("4.2",), "loan agreement", "page 1"),
        DocumentQuestion("How many instalments are there?", ("60",), "loan agreement", "page 2"),
        DocumentQuestion("What does it cost if an instalment is late?", ("25",), "loan agreement", "page 2"),
        DocumentQuestion("Where are the papers of the van kept?", ("Elm Square",), "loan agreement", "page 3"),
        DocumentQuestion("What does the bank charge when I repay early?", ("one percent", "1 percent", "1%"),
              "loan agreement", "page 3"),
        DocumentQuestion("What should the pressure of the heating be?", ("1.2",), "heating handbook", "Pressure"),
        DocumentQuestion("What does it mean when the red lamp blinks four times?", ("chimney",), "heating handbook",
              "Faults"),
        DocumentQuestion("How often is the burner serviced?", ("twelve months", "12 months", "year"),
              "heating handbook", "Servicing"),
        DocumentQuestion("What do I turn to the snowflake when I go on holiday?", ("left knob",), "heating handbook",
              "Controls"),
        DocumentQuestion("What does a filter for the heating cost?", ("18",), "heating handbook", "Servicing"),
        DocumentQuestion("Who teaches the botany course?", ("Moreau",), "course description", "Botany"),
        DocumentQuestion("In which room is the course?", ("214",), "course description", "Botany"),
        DocumentQuestion("How long is the written examination?", ("ninety", "90"), "course description", "Examination"),
        DocumentQuestion("How many plants must the herbarium have?", ("forty", "40"), "course description",
              "Examination"),
        DocumentQuestion("Where does the excursion in October go?", ("Tannsee",), "course description", "Excursions"),
        DocumentQuestion("What do students have to bring?", ("lens",), "course description", "Requirements"),
        DocumentQuestion("What colour is the door of the clockmaker's shop?", ("green",), "the clockmaker",
              "chapter 1"),
        DocumentQuestion("Who brought the watch that ran backwards?", ("Iris", "Halden"), "the clockmaker",
              "chapter 2"),
        DocumentQuestion("Which name was scratched into the lid of the watch?", ("Jonas",), "the clockmaker",
              "chapter 3"),
        DocumentQuestion("Who ordered the mattresses?", ("Aurora",), "orders spring", "row"),
        DocumentQuestion("When is the order of the steel shelf delivered?", ("5 April",), "orders spring", "row"),
        DocumentQuestion("How many folding chairs did Fischer order?", ("40",), "orders spring", "row"),
        DocumentQuestion("What is the total of the order of oak tables?", ("860",), "orders spring", "row"),
        DocumentQuestion("When does the night train leave Irun?", ("18:50",), "travel notes", "line"),
        DocumentQuestion("What is the code of the key box?", ("2604",), "travel notes", "line"),
        DocumentQuestion("What is the pension in Lisbon called?", ("Amarela",), "travel notes", "line"),
        DocumentQuestion("On which day is the castle closed?", ("Wednesday",), "travel notes", "line"),
        DocumentQuestion("How much ibuprofen should Henrik Aal take?", ("400",), "doctor's report", "page 1"),
        DocumentQuestion("When is the next appointment with Dr Sommer?", ("3 September",), "doctor's report", "page 1"),
    ),
    unanswered=(
        "How much did the van cost new?",
        "What is the IBAN of Mara Quist?",
        "When does the bank open on Saturdays?",
        "What does it mean when the lamp is blue?",
        "How much oil does the heating use in a year?",
        "Who built the boiler?",
        "What is the email address of Dr Moreau?",
        "How many students failed the examination?",
        "How old is Iris Halden?",
        "What did Elias eat for breakfast?",
        "How many wardrobes were ordered?",
        "Who paid for the flowers?",
        "What does the pension cost for a night?",
        "What is the weight of Mr Aal?",
        "Who is the prime minister of Portugal?",
        "How do I make a paper aeroplane?",
        "What is the speed of light?",
        "Which river flows through Velden?",
    ),
)  # fmt: skip
