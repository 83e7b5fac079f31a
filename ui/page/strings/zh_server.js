/* 服务器消息的中文，按代码列出。Messages of the server in Chinese, by code, and the reasons of turn-taking by kind. */

export const notices = {
  silent_microphone: "有一段时间没有收到麦克风的声音。请检查它是否静音、是否选对；在此期间可以打字。",
  microphone_back: "又能听到麦克风的声音了。",
  bad_sound: "麦克风发来的声音有错误，当作静音处理。",
  video_over_budget: "摄像头发来的画面超出服务器为一个通话解码的数量，有些画面被略去了。请选择更小的尺寸或更低的帧率。",
  picture_too_large: "摄像头发来的画面太大。请选择更小的尺寸。",
  bad_picture: "有一幅摄像头画面无法使用。",
  too_long: "消息太长，请缩短。",
  llm_upgrade: "这次通话由小型语言模型回答。更大的模型正在准备，之后的通话会使用它。",
  llm_upgraded: "更大的语言模型准备好了：挂断后重新呼叫就能使用。",
  fetching_language: ({ progress }) => `正在下载其他语言的模型：${progress}。`,
  language_unsure: "刚才说的可能不是英语：可以在设置里选择语言。",
  language_missing: "没有其他语言的模型，也无法下载。",
  no_translation: "这个语言模型不会翻译。",
  language_ready: "其他语言的模型已经准备好。",
  no_voice: "这种语言还没有声音，回答以文字显示。",
  not_written_down: "有些话没能写成文字。",
  engine_lost: "语言模型出错，通话结束。请重新开始通话。",
  memory_lost: "无法写入记忆文件：现在说的话不会被记住。请腾出空间，然后重新开始通话。",
  bad_reply: "回答出错了。",
};

export const reasons = {
  answered: "回答了：您说完了",
  waited: "等了一下，您接着说了下去",
  taken_back: "收回了回答：您接着说了下去，而回答还没有被听到",
  no_answer: "没有回答：声音里没有话，或者被别的操作打断",
  went_on_speaking: "继续说了下去：您的声音很短，不是打断",
  yielded: "停下了：您打断了回答",
  cut_in: "插了您的话：回答开始后您又接着说了",
  late: "回答晚了：超出了目标",
};
