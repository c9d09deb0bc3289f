/** What somebody does in the story: who, in which conversation, and the words where there are some. */
export interface Step {
  /** Minutes before the picture is taken. */
  ago: number;
  who: string;
  does: "ask" | "say" | "note" | "claim" | "resolve";
  /** The conversation's subject. */
  where: string;
  says?: string;
}

export interface Story {
  language: "en" | "ru";
  /** Whose panel is shown, and a colleague. */
  managers: [string, string];
  /** Whose page is shown. */
  visitor: string;
  /** The conversation that the pictures open. */
  open: string;
  /** What the visitor asks without a network, in the picture of that. */
  unsent: string;
  steps: Step[];
}

export const ENGLISH: Story = {
  language: "en",
  managers: ["Emma Clarke", "Tom Becker"],
  visitor: "Anna Lindqvist",
  open: "Which frame size for 172 cm?",
  unsent: "I'm on the train now, I'll measure it tonight.",
  steps: [
    { ago: 2900, who: "Anna Lindqvist", does: "ask", where: "Invoice for order 20417", says: "Could you send me the invoice with our VAT number on it?" },
    { ago: 2870, who: "Tom Becker", does: "claim", where: "Invoice for order 20417" },
    { ago: 2868, who: "Tom Becker", does: "say", where: "Invoice for order 20417", says: "Of course. It is in your mailbox now." },
    { ago: 2860, who: "Anna Lindqvist", does: "say", where: "Invoice for order 20417", says: "Got it, thanks a lot!" },
    { ago: 2859, who: "Tom Becker", does: "resolve", where: "Invoice for order 20417" },
    { ago: 185, who: "James O'Connor", does: "ask", where: "Return a helmet", says: "The helmet is one size too small. Can I swap it for an L?" },
    { ago: 171, who: "Tom Becker", does: "claim", where: "Return a helmet" },
    { ago: 170, who: "Tom Becker", does: "say", where: "Return a helmet", says: "Yes. A label is on its way to you; the L leaves as soon as yours is scanned." },
    { ago: 64, who: "Priya Raman", does: "ask", where: "Battery does not charge past 80%", says: "Since the update it stops at 80%. Is that on purpose?" },
    { ago: 58, who: "Emma Clarke", does: "claim", where: "Battery does not charge past 80%" },
    { ago: 57, who: "Emma Clarke", does: "say", where: "Battery does not charge past 80%", says: "It is the new battery care mode. Settings → Battery → Full charge switches it off." },
    { ago: 55, who: "Priya Raman", does: "say", where: "Battery does not charge past 80%", says: "Found it, charging to 100 again." },
    { ago: 31, who: "Anna Lindqvist", does: "ask", where: "Which frame size for 172 cm?", says: "Hi! I'm looking at the Trail 3. I'm 172 cm tall and between M and L in your table. Which one would you take?" },
    { ago: 27, who: "Emma Clarke", does: "claim", where: "Which frame size for 172 cm?" },
    { ago: 26, who: "Emma Clarke", does: "say", where: "Which frame size for 172 cm?", says: "Hello Anna! For trails I would go for the M: it is easier to move around on. How long is your inseam?" },
    { ago: 24, who: "Anna Lindqvist", does: "say", where: "Which frame size for 172 cm?", says: "81 cm" },
    { ago: 24, who: "Anna Lindqvist", does: "say", where: "Which frame size for 172 cm?", says: "Mostly forest roads, a little commuting." },
    { ago: 22, who: "Emma Clarke", does: "note", where: "Which frame size for 172 cm?", says: "Bought a Trail 2 in M from us in 2023, and was happy with it." },
    { ago: 21, who: "Emma Clarke", does: "say", where: "Which frame size for 172 cm?", says: "Then the M fits well, with room to raise the saddle. Here is the geometry side by side:\nhttps://bikes.example.com/trail-3/geometry" },
    { ago: 19, who: "Anna Lindqvist", does: "say", where: "Which frame size for 172 cm?", says: "That helps, thank you. Is the M in stock in green?" },
    { ago: 23, who: "Lukas Weber", does: "ask", where: "Do you ship to Norway?", says: "And who pays the customs duty?" },
    { ago: 12, who: "Maximiliana von Hohenstein-Rautenberg", does: "ask", where: "Spare spokes for the 2019 City Comfort with the 28-inch front wheel", says: "Three of them broke. Do you still have them, or something that fits?" },
    { ago: 4, who: "Noor", does: "ask", where: "Is the shop open on Sunday?", says: "Is the shop open on Sunday?" },
  ].map((step) => step as Step).sort((a, b) => b.ago - a.ago),
};

export const RUSSIAN: Story = {
  language: "ru",
  managers: ["Ольга Соколова", "Пётр Ильин"],
  visitor: "Анна Белова",
  open: "Какой размер рамы на рост 172?",
  unsent: "Еду в поезде, вечером измерю и напишу.",
  steps: [
    { ago: 2900, who: "Анна Белова", does: "ask", where: "Счёт по заказу 20417", says: "Пришлите, пожалуйста, счёт с нашим ИНН." },
    { ago: 2870, who: "Пётр Ильин", does: "claim", where: "Счёт по заказу 20417" },
    { ago: 2868, who: "Пётр Ильин", does: "say", where: "Счёт по заказу 20417", says: "Конечно. Счёт уже у вас на почте." },
    { ago: 2860, who: "Анна Белова", does: "say", where: "Счёт по заказу 20417", says: "Вижу, большое спасибо!" },
    { ago: 2859, who: "Пётр Ильин", does: "resolve", where: "Счёт по заказу 20417" },
    { ago: 185, who: "Игорь Мельник", does: "ask", where: "Вернуть шлем", says: "Шлем мал на размер. Можно обменять на L?" },
    { ago: 171, who: "Пётр Ильин", does: "claim", where: "Вернуть шлем" },
    { ago: 170, who: "Пётр Ильин", does: "say", where: "Вернуть шлем", says: "Да. Накладная уже у вас; L отправим, как только примем старый." },
    { ago: 64, who: "Дарья", does: "ask", where: "Батарея не заряжается выше 80%", says: "После обновления останавливается на 80%. Так задумано?" },
    { ago: 58, who: "Ольга Соколова", does: "claim", where: "Батарея не заряжается выше 80%" },
    { ago: 57, who: "Ольга Соколова", does: "say", where: "Батарея не заряжается выше 80%", says: "Это режим бережной зарядки. Настройки → Батарея → Полный заряд выключает его." },
    { ago: 55, who: "Дарья", does: "say", where: "Батарея не заряжается выше 80%", says: "Нашла, снова заряжается до 100." },
    { ago: 31, who: "Анна Белова", does: "ask", where: "Какой размер рамы на рост 172?", says: "Здравствуйте! Смотрю на Trail 3. Рост 172, по таблице попадаю между M и L. Что посоветуете?" },
    { ago: 27, who: "Ольга Соколова", does: "claim", where: "Какой размер рамы на рост 172?" },
    { ago: 26, who: "Ольга Соколова", does: "say", where: "Какой размер рамы на рост 172?", says: "Здравствуйте, Анна! Для троп я бы взяла M: на нём легче маневрировать. А какая у вас длина ноги по внутренней стороне?" },
    { ago: 24, who: "Анна Белова", does: "say", where: "Какой размер рамы на рост 172?", says: "81 см" },
    { ago: 24, who: "Анна Белова", does: "say", where: "Какой размер рамы на рост 172?", says: "Катаюсь в основном по лесу, немного по городу." },
    { ago: 22, who: "Ольга Соколова", does: "note", where: "Какой размер рамы на рост 172?", says: "В 2023 брала у нас Trail 2 в размере M, осталась довольна." },
    { ago: 21, who: "Ольга Соколова", does: "say", where: "Какой размер рамы на рост 172?", says: "Тогда M подойдёт, и седло можно будет поднять. Вот геометрия рядом:\nhttps://bikes.example.com/trail-3/geometry" },
    { ago: 19, who: "Анна Белова", does: "say", where: "Какой размер рамы на рост 172?", says: "Очень помогло, спасибо. А зелёный M есть в наличии?" },
    { ago: 23, who: "Тимур Ахметов", does: "ask", where: "Доставляете в Казахстан?", says: "И кто платит пошлину?" },
    { ago: 12, who: "Константин Александрович Вознесенский-Богоявленский", does: "ask", where: "Спицы для City Comfort 2019 года с передним колесом 28 дюймов", says: "Сломались три штуки. Есть ли такие или подходящие?" },
    { ago: 4, who: "Лиза", does: "ask", where: "Вы работаете в воскресенье?", says: "Вы работаете в воскресенье?" },
  ].map((step) => step as Step).sort((a, b) => b.ago - a.ago),
};
