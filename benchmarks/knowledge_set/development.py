"""Documents and questions that thresholds and prompts were chosen with."""

from __future__ import annotations

from benchmarks.knowledge_set.documents import DocumentQuestion, KnowledgeSet, Paper

_RENT = Paper(
    "rental-contract.pdf",
    (
        "Rental contract. Between Anna Berg, landlady, of 4 Harbour Street, and Tom Lind, tenant. The flat is on the "
        "third floor of 12 Mill Lane and has two rooms, a kitchen and a bath, 58 square metres in all. A cellar room, "
        "number 7, belongs to it. The contract begins on the first of March and has no fixed end.",
        "Rent. The monthly rent is 940 euros without heating. It is due on the third working day of each month. For "
        "heating and water the tenant pays 130 euros in advance each month, which are settled once a year. The deposit "
        "is 1880 euros and is returned within six months after the tenant has moved out. Rent that comes late costs "
        "a fee of 15 euros.",
        "Ending the contract. The tenant may end the contract with a notice period of three months to the end of a "
        "month. The notice must be in writing. The landlady may end it with a notice period of nine months, and only "
        "if she needs the flat for herself. Keeping a dog needs the landlady's consent; cats are allowed. Small "
        "repairs up to 110 euros are paid by the tenant. The stairs are cleaned by the tenants in turn, on Saturdays.",
    ),
)
_WASHER = Paper(
    "washing_machine_manual.docx",
    (
        "Before the first use|Remove the four red transport bolts from the back before the machine is switched on. "
        "Keep them for the next move. Let the machine stand upright for two hours after transport.",
        "Programmes|The programme Eco 40 takes three hours and twenty minutes and uses the least energy. The quick "
        "programme takes 28 minutes and is meant for at most three kilograms. Wool is washed at thirty degrees at "
        "most. The drum holds eight kilograms of cotton.",
        "Care|Clean the filter behind the small door at the bottom every two months. Run the hot programme at ninety "
        "degrees once a month with an empty drum, so that no smell develops. The detergent drawer can be taken out by "
        "pressing the blue lever.",
        "Error codes|E10 means that no water comes in: open the tap and clean the sieve of the hose. E20 means that "
        "the water does not drain: clean the filter and look for a kink in the hose. E40 means that the door is not "
        "closed. If E60 is shown, pull the plug and call the service.",
        "Guarantee|The guarantee lasts two years from the day of purchase, for the motor ten years. It does not cover "
        "damage by limescale. The service can be reached on weekdays from eight to five.",
    ),
)
_MINUTES = Paper(
    "minutes garden club.md",
    (
        "Present|Helga Ross in the chair, Peter Amsel, Lina Okafor, Jussi Valo and eleven other members. Minutes by "
        "Peter Amsel.",
        "Water|The rain barrel by the gate leaks. Jussi will replace it before May; the club pays up to 200 euros. The "
        "pump is switched on from the fifteenth of April.",
        "Summer party|The party is on the twelfth of July from four o'clock. Lina orders the tent. Everybody brings a "
        "salad. Music ends at ten because of the neighbours.",
        "Money|At the end of the year there were 3,412 euros in the account. The yearly fee rises from 45 to 50 euros. "
        "Fourteen members voted for it and one against it.",
        "Vacant plots|Plots 9 and 23 are vacant. The waiting list has six names. New members pay for a key, 20 euros, "
        "and get the money back with the key.",
    ),
)
_STOCK = Paper(
    "bicycle parts.csv",
    (
        "part;supplier;price;in stock;shelf",
        "inner tube 28 inch;Reno;4.90;120;A1",
        "brake pads;Okto;7.50;64;A3",
        "chain 9 speed;Okto;18.00;22;B2",
        "bell brass;Marlow;12.40;9;C1",
        "saddle city;Reno;29.00;14;C4",
        "pump floor;Marlow;24.50;6;D2",
        "front light 40 lux;Hella;33.00;17;D1",
        "rear mudguard;Okto;15.80;11;B4",
    ),
)
_TALK = Paper(
    "talk about lighthouses.srt",
    (
        "1\n00:00:02,000 --> 00:00:08,000\nGood evening. Tonight I talk about the lighthouse of Norrskar.",
        "2\n00:00:41,000 --> 00:00:49,000\nIt was built in 1871 by the engineer Carla Stenberg, from grey granite.",
        "3\n00:01:20,000 --> 00:01:28,000\nThe tower is 34 metres high, and its light was seen 18 sea miles away.",
        "4\n00:02:05,000 --> 00:02:14,000\nUntil 1962 a keeper lived there with his family. The last one was called "
        "Olof Brandt.",
        "5\n00:02:50,000 --> 00:02:58,000\nToday the lamp is electric, and two hundred visitors come each summer.",
    ),
)
_LETTER = Paper(
    "letter of the insurance.pdf",
    (
        "Dear Ms Kaya, thank you for your report of the water damage of 9 February in your kitchen. Your claim has the "
        "number KS-77120. Our expert Mr Duval will visit you on 2 March between nine and eleven. Please keep the "
        "damaged parts until then. We pay for the repair of the floor and of the two kitchen units. An excess of 150 "
        "euros is subtracted. Electrical appliances are not covered by your contract. You can reach me at extension "
        "318. Yours sincerely, Paula Wirth.",
    ),
    scanned=True,
)

SET = KnowledgeSet(
    papers=(_RENT, _WASHER, _MINUTES, _STOCK, _TALK, _LETTER),
    asked=(
        DocumentQuestion("What is the notice period for the tenant?", ("three months", "3 months"), "rental contract",
              "page 3"),
        DocumentQuestion("How much is the monthly rent?", ("940",), "rental contract", "page 2"),
        DocumentQuestion("How high is the deposit?", ("1880", "1,880"), "rental contract", "page 2"),
        DocumentQuestion("When does the rental contract begin?", ("March",), "rental contract", "page 1"),
        DocumentQuestion("Can I keep a cat in the flat?", ("allowed", "yes"), "rental contract", "page 3"),
        DocumentQuestion("How big is the flat?", ("58",), "rental contract", "page 1"),
        DocumentQuestion("Who has to clean the stairs?", ("tenants",), "rental contract", "page 3"),
        DocumentQuestion("What does the error E20 mean?", ("drain",), "washing machine manual", "Error codes"),
        DocumentQuestion("How often should I clean the filter of the washing machine?", ("two months",),
              "washing machine manual", "Care"),
        DocumentQuestion("How long does the quick programme take?", ("28",), "washing machine manual", "Programmes"),
        DocumentQuestion("How much cotton fits into the drum?", ("eight", "8"), "washing machine manual", "Programmes"),
        DocumentQuestion("How long is the guarantee on the motor?", ("ten years", "10 years"), "washing machine manual",
              "Guarantee"),
        DocumentQuestion("What must be removed before I switch the machine on?", ("bolts",), "washing machine manual",
              "first use"),
        DocumentQuestion("When is the summer party?", ("twelfth", "12"), "minutes garden club", "Summer party"),
        DocumentQuestion("Who orders the tent?", ("Lina",), "minutes garden club", "Summer party"),
        DocumentQuestion("How much is the yearly fee of the garden club now?", ("50",), "minutes garden club", "Money"),
        DocumentQuestion("Which plots are vacant?", ("23",), "minutes garden club", "Vacant"),
        DocumentQuestion("Who will replace the rain barrel?", ("Jussi",), "minutes garden club", "Water"),
        DocumentQuestion("How many brake pads are in stock?", ("64",), "bicycle parts", "row"),
        DocumentQuestion("On which shelf are the brass bells?", ("C1",), "bicycle parts", "row"),
        DocumentQuestion("Who supplies the city saddle?", ("Reno",), "bicycle parts", "row"),
        DocumentQuestion("How much does the floor pump cost?", ("24.5",), "bicycle parts", "row"),
        DocumentQuestion("Who built the lighthouse?", ("Stenberg",), "talk about lighthouses", "at 0:"),
        DocumentQuestion("How high is the tower of the lighthouse?", ("34",), "talk about lighthouses", "at 1:"),
        DocumentQuestion("What was the last lighthouse keeper called?", ("Brandt",), "talk about lighthouses", "at 2:"),
        DocumentQuestion("When will the expert of the insurance visit?", ("2 March",), "letter of the insurance",
              "page 1"),
        DocumentQuestion("What is the number of the claim?", ("77120",), "letter of the insurance", "page 1"),
        DocumentQuestion("How much is the excess?", ("150",), "letter of the insurance", "page 1"),
    ),
    unanswered=(
        "How much does a parking space cost?",
        "What is the notice period for the garage?",
        "When was the house on Mill Lane built?",
        "What is the landlady's telephone number?",
        "How loud is the washing machine?",
        "What does the error E90 mean?",
        "Who won the football match?",
        "When is the winter party?",
        "Who is the treasurer of the garden club?",
        "How many helmets are in stock?",
        "How much does the lighthouse cost?",
        "What is the capital of Mongolia?",
        "Who wrote War and Peace?",
        "What is the email address of Ms Kaya?",
        "How do I bake bread?",
        "How many pets does Tom Lind have?",
    ),
)  # fmt: skip
