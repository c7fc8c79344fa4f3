-- The language server in a real editor: opened, asked, and edited with, without a screen.
--   nvim --headless --clean -l tests/external/neovim.lua PRICE EXAMPLE FOLDER   (0.9 and later)
--   nvim --headless --clean -c "luafile tests/external/neovim.lua" … with PRICE, EXAMPLE, FOLDER set
local price, example, folder = vim.env.PRICE, vim.env.EXAMPLE, vim.env.FOLDER

local function fail(message)
  io.stderr:write('neovim: ' .. message .. '\n')
  vim.cmd('cquit 1')
end

local function check(holds, message)
  if not holds then fail(message) end
end

local function wait(what, holds)
  check(vim.wait(30000, holds, 20), 'waited in vain for ' .. what)
end

local text = vim.fn.readfile(example)
local file = folder .. '/plan.price'
vim.fn.writefile(text, file)
vim.cmd('edit ' .. file)
vim.bo.filetype = 'price'
local buffer = vim.api.nvim_get_current_buf()

local id = vim.lsp.start_client({ name = 'price', cmd = { price, 'lsp' }, root_dir = folder })
check(id, 'the server does not start')
vim.lsp.buf_attach_client(buffer, id)
local client = vim.lsp.get_client_by_id(id)
wait('the server', function() return client.initialized end)

local function row(needle)
  for number, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    local column = line:find(needle, 1, true)
    if column then return number - 1, column - 1 end
  end
  fail('`' .. needle .. '` is not in the text')
end

local function ask(method, params)
  local answers, problem = vim.lsp.buf_request_sync(buffer, method, params, 30000)
  check(answers and answers[id], method .. ': ' .. tostring(problem))
  check(not answers[id].error, method .. ': ' .. vim.inspect(answers[id].error))
  return answers[id].result
end

local function place(needle, inside)
  local line, column = row(needle)
  return { textDocument = vim.lsp.util.make_text_document_params(buffer), position = { line = line, character = column + (inside or 0) } }
end

-- The example has no findings; a mistake has one, and goes with it.
local line = row('$99.00')
local before = vim.api.nvim_buf_get_lines(buffer, line, line + 1, false)[1]
vim.api.nvim_buf_set_lines(buffer, line, line + 1, false, { (before:gsub('%$99%.00', '$99,00')) })
wait('a finding', function() return #vim.diagnostic.get(buffer) == 1 end)
local found = vim.diagnostic.get(buffer)[1]
check(found.lnum == line and found.source == 'price', 'the finding stands elsewhere: ' .. vim.inspect(found))
vim.api.nvim_buf_set_lines(buffer, line, line + 1, false, { before })
wait('the finding to go', function() return #vim.diagnostic.get(buffer) == 0 end)

-- Hover.
local hover = ask('textDocument/hover', place('extra_calls on', 3))
check(hover and hover.contents.value:find('total at the end', 1, true), 'hover says ' .. vim.inspect(hover))

-- Completion of a name that the plan has.
local last = row('prorate platform')
vim.api.nvim_buf_set_lines(buffer, last, last, false, { '  price more on ' })
local items = ask('textDocument/completion', place('price more on ', 14))
local labels = {}
for _, item in ipairs(items.items or items) do labels[item.label] = true end
check(labels.seats and labels.api_calls, 'completion offers ' .. vim.inspect(labels))
vim.api.nvim_buf_set_lines(buffer, last, last + 1, false, {})

-- Rename, everywhere.
local params = place('fee platform', 5)
params.newName = 'base_fee'
vim.lsp.util.apply_workspace_edit(ask('textDocument/rename', params), client.offset_encoding)
local renamed = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
check(renamed:find('prorate base_fee, extra_seats daily', 1, true) and renamed:find('expect base_fee $99.00', 1, true), 'renamed only in part:\n' .. renamed)

-- Formatting gives what the command line gives.
line = row('currency  USD')
vim.api.nvim_buf_set_lines(buffer, line, line + 1, false, { '      currency USD' })
local edits = ask('textDocument/formatting', { textDocument = vim.lsp.util.make_text_document_params(buffer), options = { tabSize = 2, insertSpaces = true } })
vim.lsp.util.apply_text_edits(edits, buffer, client.offset_encoding)
vim.cmd('silent write')
vim.fn.system({ price, 'fmt', '--check', file })
check(vim.v.shell_error == 0, '`price fmt` would change the text that was formatted')

-- Go to a definition of the standard library.
local definition = ask('textDocument/definition', place('(seat, call)', 2))
local target = definition.uri or definition[1].uri
check(vim.fn.filereadable(vim.uri_to_fname(target)) == 1, 'the library is not on disk: ' .. target)

print('neovim: findings, hover, completion, rename, formatting, definition')
vim.lsp.stop_client(id)
vim.cmd('qall!')
